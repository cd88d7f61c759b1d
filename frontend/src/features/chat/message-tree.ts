import type { Message } from "@/types/api";

/** The branch chosen at each fork: parent id (or ROOT) → child id. */
export type BranchChoices = Readonly<Record<string, string>>;

const ROOT = "";

export type PathEntry = {
  message: Message;
  /** The versions to page through, in the order they were written; includes `message`. */
  siblings: readonly Message[];
};

/**
 * The messages from the first to a leaf; at a fork the chosen child, else the one that leads to
 * the newest message: where the server goes on by itself.
 */
export function visiblePath(messages: readonly Message[], choices: BranchChoices): PathEntry[] {
  const inOrder = [...messages].sort((a, b) => Date.parse(a.created_at) - Date.parse(b.created_at));
  const childrenOf = groupByParent(inOrder);
  const newest = newestBelow(inOrder);
  const path: PathEntry[] = [];
  let siblings = childrenOf.get(ROOT);
  while (siblings !== undefined) {
    const chosenId = choices[forkKey(siblings)];
    const message = siblings.find(({ id }) => id === chosenId) ?? mostRecent(siblings, newest);
    if (message === undefined) break;
    path.push({ message, siblings });
    siblings = childrenOf.get(message.id);
  }
  return path;
}

/** Shows the given message at its fork. */
export function chooseBranch(choices: BranchChoices, message: Message): BranchChoices {
  return { ...choices, [message.parent_id ?? ROOT]: message.id };
}

/** Shows the branch that the given message is in; nothing changes where it is unknown. */
export function chooseBranchesTo(
  choices: BranchChoices,
  messages: readonly Message[],
  messageId: string,
): BranchChoices {
  const byId = new Map(messages.map((message) => [message.id, message]));
  let chosen = choices;
  let message = byId.get(messageId);
  while (message !== undefined) {
    chosen = chooseBranch(chosen, message);
    message = byId.get(message.parent_id ?? ROOT);
  }
  return chosen;
}

/** Shows the newest version at the message's fork again. */
export function forgetChoice(choices: BranchChoices, message: Message): BranchChoices {
  const fork = message.parent_id ?? ROOT;
  return Object.fromEntries(Object.entries(choices).filter(([key]) => key !== fork));
}

/** Whether `leaf` is not where the server would continue by itself: on the newest branch. */
export function isOlderBranch(messages: readonly Message[], leafId: string | null): boolean {
  return leafId !== null && visiblePath(messages, {}).at(-1)?.message.id !== leafId;
}

function forkKey(siblings: readonly Message[]): string {
  return siblings[0]?.parent_id ?? ROOT;
}

/** Of each message, the place of the newest message at or below it, counted from the oldest. */
function newestBelow(inOrder: readonly Message[]): Map<string, number> {
  const byId = new Map(inOrder.map((message) => [message.id, message]));
  const places = new Map<string, number>();
  for (let place = inOrder.length - 1; place >= 0; place -= 1) {
    let message = inOrder[place];
    // Above a message that a newer one has marked, all are marked.
    while (message !== undefined && !places.has(message.id)) {
      places.set(message.id, place);
      message = byId.get(message.parent_id ?? ROOT);
    }
  }
  return places;
}

function mostRecent(
  siblings: readonly Message[],
  newest: ReadonlyMap<string, number>,
): Message | undefined {
  const place = ({ id }: Message) => newest.get(id) ?? 0;
  return [...siblings].sort((a, b) => place(b) - place(a))[0];
}

function groupByParent(inOrder: readonly Message[]): Map<string, Message[]> {
  const known = new Set(inOrder.map(({ id }) => id));
  const groups = new Map<string, Message[]>();
  for (const message of inOrder) {
    const parent =
      message.parent_id !== null && known.has(message.parent_id) ? message.parent_id : ROOT;
    const group = groups.get(parent);
    if (group) group.push(message);
    else groups.set(parent, [message]);
  }
  return groups;
}
