/** Remembers the last `most` ids. The returned function tells whether it has been asked about an id before. */
export function createDedup(most: number): (id: string) => boolean {
  const ids = new Set<string>();
  return (id) => {
    if (ids.has(id)) return true;
    ids.add(id);
    // A set keeps the order of insertion.
    const [oldest = ''] = ids;
    if (ids.size > most) ids.delete(oldest);
    return false;
  };
}
