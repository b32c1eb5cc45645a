/** How Vite bundles the page. */
import { fileURLToPath } from 'node:url';
import type { InlineConfig } from 'vite';

const fromHere = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The folder of the app: index.html and src. */
export const APP_FOLDER = fromHere('../../');

/** Options of build and of the development server; no configuration file is looked for. */
export const VITE_OPTIONS: InlineConfig = {
  root: APP_FOLDER,
  configFile: false,
  // below any path of a server
  base: './',
  clearScreen: false,
  logLevel: 'error',
  resolve: { alias: { '@kitware/vtk.js/IO/XML/XMLPolyDataReader.js': fromHere('../room/mesh-reader.ts') } },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    // a policy that forbids data: addresses holds
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 8192,
  },
};
