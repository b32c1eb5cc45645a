import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseDevice, type DeviceProbe } from './choose-device.ts';
import type { Device } from './device.ts';

/** A machine on which some devices answer, with the time of a device's products for each side. */
function machine(
  answering: readonly Device[],
  timeMs: (device: Device, side: number) => number,
): DeviceProbe & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    whyUnavailable: async (device) => (answering.includes(device) ? null : `${device} is not installed`),
    productsMs: async (device, side) => {
      asked.push(`${device} ${side}`);
      return timeMs(device, side);
    },
  };
}
const never = (): number => assert.fail('nothing is to be timed');

test('the device asked for is taken, or refused with what to do', async () => {
  assert.equal((await chooseDevice('cpu')).device, 'cpu');
  assert.deepEqual(await chooseDevice('webgpu', machine(['webgpu'], never)), { device: 'webgpu', reason: 'as asked' });
  await assert.rejects(chooseDevice('cuda', machine([], never)), {
    name: 'RangeError',
    message: 'device cuda cannot be used here (cuda is not installed); use --device cpu, or auto',
  });
});

test('auto takes CUDA where it answers, without timing', async () => {
  const { device, reason } = await chooseDevice('auto', machine(['cuda', 'webgpu'], never));
  assert.equal(device, 'cuda');
  assert.match(reason, /CUDA/);
});

test('auto takes the CPU where nothing else answers, and says why', async () => {
  const { device, reason } = await chooseDevice('auto', machine([], never));
  assert.equal(device, 'cpu');
  assert.match(reason, /no cuda: cuda is not installed; no webgpu: webgpu is not installed/);
});

test('auto takes webgpu where large products run faster there, though small ones do not', async () => {
  const gpu = machine(['webgpu'], (device, side) => (device === 'webgpu' ? 2 : side / 20));
  const { device, reason } = await chooseDevice('auto', gpu);
  assert.equal(device, 'webgpu');
  assert.match(reason, /webgpu takes 2.00 ms for 8 products of 1024 x 1024, the CPU 51.2 ms; no cuda/);
});

test('auto passes over a software driver, at the first look where it is very slow', async () => {
  const slow = machine(['webgpu'], (device) => (device === 'webgpu' ? 46 : 0.12));
  const { device, reason } = await chooseDevice('auto', slow);
  assert.equal(device, 'cpu');
  assert.match(reason, /slower, perhaps a software driver: 46.0 ms for 8 products of 128 x 128, the CPU 0.120 ms/);
  assert.deepEqual(slow.asked, ['webgpu 128', 'cpu 128']);
  const fair = machine(['webgpu'], (device, side) => (device === 'webgpu' ? side : side / 50));
  assert.equal((await chooseDevice('auto', fair)).device, 'cpu');
  assert.deepEqual(fair.asked, ['webgpu 128', 'cpu 128', 'webgpu 1024', 'cpu 1024']);
});
