/** `npm run build -w @mammoscope/viewer`: prints the folder of the built page. */
import { builtPage } from './built-page.ts';

process.stdout.write(`${await builtPage()}\n`);
