/** Names, in the address of a conversation, the message to be shown. */
export const TURN = "turn";

/** Where a conversation is opened at one of its messages. */
export function turnPath(conversationId: string, messageId: string): string {
  const query = new URLSearchParams({ [TURN]: messageId });
  return `/c/${encodeURIComponent(conversationId)}?${query.toString()}`;
}
