/** Runs the work in one tab at a time. On plain http browsers have no locks: it then just runs. */
export async function oneTabAtATime<T>(name: string, work: () => Promise<T>): Promise<T> {
  if (!("locks" in navigator)) return work();
  return navigator.locks.request(`docchat:${name}`, work);
}
