import { Pencil } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { Button } from "@/components/ui/button";
import { CopyButton } from "@/components/ui/copy-button";
import { IconButton } from "@/components/ui/icon-button";
import { readStored, writeStored } from "@/lib/browser-storage";
import { randomId } from "@/lib/random-id";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";
import { useChat } from "./chat-context";

type UserMessageProps = {
  message: Message;
  branches: ReactNode;
  /** Shown always, unlike the actions. */
  mark: ReactNode;
  /** Resolves to false when the edit was not accepted and stays open. */
  onEdit: (text: string, clientId: string) => Promise<boolean>;
};

export function UserMessage({ message, branches, mark, onEdit }: UserMessageProps) {
  const { editDraftKey } = useChat();
  const draftKey = editDraftKey(message.id);
  const [editing, setEditing] = useState(() => readStored(draftKey) !== null);
  if (editing) {
    const close = () => {
      writeStored(draftKey, null);
      setEditing(false);
    };
    return (
      <MessageEditor
        draftKey={draftKey}
        text={message.content}
        onCancel={close}
        onSave={async (text, clientId) => {
          if (await onEdit(text, clientId)) close();
        }}
      />
    );
  }
  return (
    <div className="group flex flex-col items-end">
      <MessageBubble text={message.content} />
      <div className="mt-1 flex items-center">
        <div className="message-actions flex items-center">
          {branches}
          <CopyButton label={strings.chat.copyMessage} text={() => message.content} />
          <IconButton
            label={strings.chat.edit}
            icon={<Pencil aria-hidden />}
            onClick={() => setEditing(true)}
          />
        </div>
        {mark}
      </div>
    </div>
  );
}

export function MessageBubble({ text }: { text: string }) {
  return (
    <div className="max-w-[88%] rounded-2xl rounded-br-md bg-bubble px-4 py-2.5 text-[0.9688rem] leading-relaxed break-words whitespace-pre-wrap">
      <span className="sr-only">{strings.chat.you}: </span>
      {text}
    </div>
  );
}

type MessageEditorProps = {
  /** Where what is typed is kept over reloads. */
  draftKey: string;
  text: string;
  onCancel: () => void;
  onSave: (text: string, clientId: string) => Promise<void>;
};

function MessageEditor({ draftKey, text: original, onCancel, onSave }: MessageEditorProps) {
  const [text, setText] = useState(() => readStored(draftKey) ?? original);
  /** The same words sent again, because no answer came, start nothing twice. */
  const clientId = useRef(randomId());
  const canSave = text.trim() !== "";
  const change = (changed: string) => {
    clientId.current = randomId();
    writeStored(draftKey, changed);
    setText(changed);
  };
  const save = () => {
    if (canSave) void onSave(text.trim(), clientId.current);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") onCancel();
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      save();
    }
  };
  return (
    <div className="rounded-2xl border border-line-strong bg-surface p-2">
      <textarea
        // The editor replaces the message one just chose to edit.
        // eslint-disable-next-line jsx-a11y/no-autofocus
        autoFocus
        value={text}
        onChange={(event) => change(event.target.value)}
        onKeyDown={onKeyDown}
        aria-label={strings.chat.editLabel}
        className="scroll-quiet block field-sizing-content max-h-80 min-h-16 w-full resize-none bg-transparent px-2 py-1.5 text-[0.9688rem] leading-relaxed outline-none"
      />
      <div className="flex flex-wrap items-center justify-end gap-2">
        <p className="flex-1 pl-2 text-xs text-muted">{strings.chat.editHint}</p>
        <Button size="small" onClick={onCancel}>
          {strings.actions.cancel}
        </Button>
        <Button size="small" variant="primary" disabled={!canSave} onClick={save}>
          {strings.chat.editSend}
        </Button>
      </div>
    </div>
  );
}
