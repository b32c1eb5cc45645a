/** `npm run dev -w @mammoscope/viewer`: the page with its sources reloaded as they change. */
import { createServer } from 'vite';
import { VITE_OPTIONS } from './vite-options.ts';

const server = await createServer({ ...VITE_OPTIONS, logLevel: 'info' });
await server.listen();
server.printUrls();
