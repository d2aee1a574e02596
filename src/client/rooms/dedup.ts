/**
 * Remembers the last `most` ids. The returned function tells whether it has been asked about an id before.
 * What has no id is new.
 */
export function createDedup(most: number): (id: string | undefined) => boolean {
  const ids = new Set<string>();
  return (id) => {
    if (id === undefined) return false;
    if (ids.has(id)) return true;
    ids.add(id);
    // A set keeps the order of insertion.
    const [oldest = ''] = ids;
    if (ids.size > most) ids.delete(oldest);
    return false;
  };
}
