/** Where the command line begins: compiled code is kept, which halves the time to start; nothing else may be imported before. */
import { enableCompileCache } from 'node:module';
import { userCache } from '@mammoscope/files';

enableCompileCache(userCache('compiled'));
await import('./program.ts');
