/**
 * Reads pickles (Python's pickletools.py describes every instruction; protocols 2 to 5) that hold a state dict:
 * dictionaries, lists, tuples, texts, numbers and tensors. A pickle is a program. Of its instructions only those that build
 * these values are known, and of the names that it may ask Python for only the ones in pickled-values.ts; nothing is ever
 * imported, and every call makes one of these values. There is no recursion: depth costs stack entries, which are limited.
 */
import { PickleMachine } from './pickle-machine.ts';
import type { PickledStorage, PickleValue } from './pickled-values.ts';

/** What a pickle gave. */
export interface Unpickled {
  readonly value: PickleValue;
  /** Where it ends. */
  readonly end: number;
  /** Every storage that it refers to, by its key. */
  readonly storages: ReadonlyMap<string, PickledStorage>;
}

/**
 * Instructions of a pickle, and elements of the lists that it hands to calls: each makes at most one small object, a
 * dictionary of 250 bytes at the largest. A tensor takes 35, one of an optimiser's state as many.
 */
const INSTRUCTION_LIMIT = 2 ** 20;

/** One pickle from bytes that may go on after it. WeightsError for anything else than a state dict is made of. */
export function unpickle(bytes: Uint8Array, start: number, file: string): Unpickled {
  const machine = new PickleMachine(bytes, start, file);
  while (machine.work < INSTRUCTION_LIMIT) {
    machine.work++;
    const opcode = machine.uint8();
    if (opcode === STOP) return { value: machine.pop(), end: machine.at, storages: machine.storages };
    const instruction = INSTRUCTIONS[opcode];
    if (!instruction)
      machine.refuse(`has the instruction 0x${opcode.toString(16).padStart(2, '0')}, which no state dict needs`);
    else instruction(machine);
  }
  throw machine.malformed(`its pickle has more than ${INSTRUCTION_LIMIT} instructions`);
}

const STOP = 0x2e;

const tuple = (length: number) => (m: PickleMachine) => m.push(Array.from({ length }, () => m.pop()).reverse());
const shortText = (m: PickleMachine) => m.push(m.text(m.uint8()));
const longText = (m: PickleMachine) => m.push(m.text(m.uint32()));

/** By opcode, under the names of pickletools. */
const INSTRUCTIONS: Readonly<Partial<Record<number, (machine: PickleMachine) => void>>> = {
  128: (m) => void m.uint8(), // PROTO
  149: (m) => void m.take(8), // FRAME
  40: (m) => m.mark(), // MARK
  48: (m) => m.drop(), // POP
  49: (m) => void m.popToMark(), // POP_MARK
  78: (m) => m.push(null), // NONE
  136: (m) => m.push(true), // NEWTRUE
  137: (m) => m.push(false), // NEWFALSE
  75: (m) => m.push(m.uint8()), // BININT1
  77: (m) => m.push(m.uint16()), // BININT2
  74: (m) => m.push(m.int32()), // BININT
  138: (m) => m.push(m.integer(m.uint8())), // LONG1
  71: (m) => m.push(m.float64()), // BINFLOAT
  140: shortText, // SHORT_BINUNICODE
  88: longText, // BINUNICODE
  85: shortText, // SHORT_BINSTRING, which Python 2 wrote
  84: longText, // BINSTRING, likewise
  41: tuple(0), // EMPTY_TUPLE
  133: tuple(1), // TUPLE1
  134: tuple(2), // TUPLE2
  135: tuple(3), // TUPLE3
  116: (m) => m.push(m.popToMark()), // TUPLE
  93: (m) => m.push([]), // EMPTY_LIST
  97: (m) => m.append([m.pop()]), // APPEND
  101: (m) => m.append(m.popToMark()), // APPENDS
  125: (m) => m.push(new Map()), // EMPTY_DICT
  115: (m) => m.setItems([m.pop(), m.pop()].reverse()), // SETITEM
  117: (m) => m.setItems(m.popToMark()), // SETITEMS
  113: (m) => m.remember(m.uint8()), // BINPUT
  114: (m) => m.remember(m.uint32()), // LONG_BINPUT
  148: (m) => m.remember(), // MEMOIZE
  104: (m) => m.recall(m.uint8()), // BINGET
  106: (m) => m.recall(m.uint32()), // LONG_BINGET
  99: (m) => m.global(m.line(), m.line()), // GLOBAL
  147: (m) => {
    const [name, module] = [m.pop(), m.pop()];
    m.global(module, name);
  }, // STACK_GLOBAL
  82: (m) => m.reduce(), // REDUCE
  98: (m) => m.build(), // BUILD
  81: (m) => m.storage(), // BINPERSID
};
