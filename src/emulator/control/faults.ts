import * as z from 'zod';
import { parseOptions } from '../../base/options.js';
import { FAULT_PRESETS, presetNamed } from '../faults/presets.js';
import type { ActiveFault } from '../faults/table.js';
import { ControlError } from './control-error.js';
import type { Endpoint } from './endpoint.js';

/** Faults that are active, and those that have a name. */
export interface FaultPage {
  /** In the order in which they are asked. */
  readonly faults: readonly Pick<ActiveFault, 'id' | 'text' | 'strikes'>[];
  readonly presets: readonly { readonly name: string; readonly summary: string; readonly text: string }[];
}

export const listFaults: Endpoint = {
  method: 'GET',
  path: 'faults',
  run({ faults }): FaultPage {
    return {
      faults: faults.list().map(({ id, text, strikes }) => ({ id, text, strikes })),
      presets: Object.entries(FAULT_PRESETS).map(([name, preset]) => ({ name, ...preset })),
    };
  },
};

const addSchema = z.union([
  z.strictObject({ text: z.string().trim().min(1, 'is empty; try send.status=503') }),
  z.strictObject({ preset: z.string() }),
]);

/** In the textual form, or a preset by its name. */
export const addFaults: Endpoint = {
  method: 'POST',
  path: 'faults',
  run({ faults }, { body }) {
    const order = parseOptions(addSchema, body ?? {}, 'faults');
    if ('text' in order) faults.addText(order.text);
    else faults.preset(presetNamed(order.preset));
  },
};

export const clearFaults: Endpoint = {
  method: 'DELETE',
  path: 'faults',
  run({ faults }) {
    faults.clear();
  },
};

export const removeFault: Endpoint = {
  method: 'DELETE',
  path: 'faults/{id}',
  run({ faults }, { id }) {
    if (!faults.remove(Number(id))) throw new ControlError(404, `no fault has number ${id}`);
  },
};
