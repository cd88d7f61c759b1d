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

/** The values of every key that starts with `prefix`. */
export function readAllStored(prefix: string): string[] {
  try {
    return Object.keys(localStorage)
      .filter((key) => key.startsWith(PREFIX + prefix))
      .map((key) => localStorage.getItem(key))
      .filter((value) => value !== null);
  } catch {
    return [];
  }
}

/** Tells when another tab has removed a key that starts with `prefix`, and the value it had. */
export function onRemovedElsewhere(
  prefix: string,
  listener: (key: string, value: string) => void,
): () => void {
  const onStorage = ({ key, oldValue, newValue }: StorageEvent) => {
    if (key?.startsWith(PREFIX + prefix) && newValue === null && oldValue !== null) {
      listener(key.slice(PREFIX.length), oldValue);
    }
  };
  window.addEventListener("storage", onStorage);
  return () => window.removeEventListener("storage", onStorage);
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
