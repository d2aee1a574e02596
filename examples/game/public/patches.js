/** The rules, as far as a page needs them: who is ahead. */

export const SIDE = 6;

/** The size of the largest connected patch of a seat on a board: an array that holds a seat or nothing for each field. */
export function largestPatch(board, seat) {
  const unseen = new Set([...board.keys()].filter((field) => board[field] === seat));
  let largest = 0;
  for (const first of unseen) {
    const patch = [first];
    unseen.delete(first);
    for (const field of patch)
      for (const next of neighbours(field)) if (unseen.delete(next)) patch.push(next);
    largest = Math.max(largest, patch.length);
  }
  return largest;
}

function neighbours(field) {
  const column = field % SIDE;
  return [
    field - SIDE,
    field + SIDE,
    ...(column > 0 ? [field - 1] : []),
    ...(column < SIDE - 1 ? [field + 1] : []),
  ];
}
