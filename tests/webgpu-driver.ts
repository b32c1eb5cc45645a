/**
 * ONNX Runtime's webgpu provider without a GPU: Debian's chromium brings a Vulkan driver that runs on the CPU. The dynamic
 * linker reads where libraries lie when a process starts, so what needs the driver runs in a process of its own.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const FOLDER = '/usr/lib/chromium';
const [LOADER, DRIVER] = [`${FOLDER}/libvulkan.so.1`, `${FOLDER}/vk_swiftshader_icd.json`];
const missing = [LOADER, DRIVER].filter((path) => !existsSync(path));

/** For the option `skip` of a test: false where the driver is there, else why there is none. */
export const withoutDriver: string | false =
  missing.length === 0 ? false : `no software Vulkan driver: ${missing.join(' and ')} of Debian's chromium missing`;

/** Runs a module of this folder with the driver and parses what it prints. Rejects with its stderr when it fails. */
export async function runWithDriver(module: string, ...parameters: readonly string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(import.meta.dirname, module), ...parameters], {
    env: { ...process.env, LD_LIBRARY_PATH: FOLDER, VK_DRIVER_FILES: DRIVER },
    maxBuffer: 2 ** 24,
  });
  return JSON.parse(stdout);
}
