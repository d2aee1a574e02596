/** The fields, as buttons in a grid: one stop of the Tab key, and arrow keys from there. */
import { symbolOf } from './dom.js';
import { SIDE } from './patches.js';

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** Fills `grid`. `onClaim` is told the number of a field, from 0, row by row. */
export function createBoard(grid, { onClaim }) {
  const fields = [];
  for (let row = 0; row < SIDE; row++) {
    const line = document.createElement('div');
    line.role = 'row';
    for (let column = 0; column < SIDE; column++) {
      const field = document.createElement('button');
      field.type = 'button';
      field.role = 'gridcell';
      field.tabIndex = fields.length === 0 ? 0 : -1;
      fields.push(field);
      line.append(field);
    }
    grid.append(line);
  }

  grid.addEventListener('click', ({ target }) => {
    const index = fields.indexOf(target.closest('button'));
    if (index >= 0) onClaim(index);
  });
  grid.addEventListener('keydown', (event) => {
    const step = STEPS[event.key];
    const index = fields.indexOf(event.target);
    if (step === undefined || index < 0) return;
    event.preventDefault();
    const row = Math.floor(index / SIDE) + step[0];
    const column = (index % SIDE) + step[1];
    if (row >= 0 && row < SIDE && column >= 0 && column < SIDE) fields[row * SIDE + column].focus();
  });
  grid.addEventListener('focusin', ({ target }) => {
    for (const field of fields) field.tabIndex = field === target ? 0 : -1;
  });

  return {
    /** `board` holds a seat or nothing for each field, `nameOf` says who has a seat. */
    show(board, { isOn, pending, nameOf }) {
      grid.classList.toggle('is-on', isOn);
      for (const [index, field] of fields.entries()) {
        const seat = board[index];
        const place = `Row ${Math.floor(index / SIDE) + 1}, column ${(index % SIDE) + 1}`;
        field.ariaLabel = `${place}: ${seat === undefined ? 'free' : nameOf(seat)}`;
        field.ariaDisabled = String(!isOn || seat !== undefined);
        field.classList.toggle('is-pending', pending.has(index));
        if (field.dataset.seat === seat) continue;
        if (seat === undefined) delete field.dataset.seat;
        else field.dataset.seat = seat;
        field.replaceChildren(...(seat === undefined ? [] : [symbolOf(seat)]));
      }
    },
  };
}
