/** localStorage that may be blocked or full: reading then gives null, writing does nothing. */

const PREFIX = "docchat:";

export function readStored(key: string): string | null {
  try {
    return localStorage.getItem(PREFIX + key);
  } catch {
    return null;
  }
}

export function writeStored(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, value);
  } catch {
    // The page works without; it only forgets on reload.
  }
}

/** Forgets every key that starts with `prefix`. */
export function clearStored(prefix: string): void {
  try {
    for (const key of Object.keys(localStorage)) {
      if (key.startsWith(PREFIX + prefix)) localStorage.removeItem(key);
    }
  } catch {
    // Nothing was stored.
  }
}
