import { Ellipsis, Eraser, Pencil, Trash2 } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Link } from "react-router";
import { ConfirmDialog } from "@/components/ui/confirm-dialog";
import { Input } from "@/components/ui/field";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "@/components/ui/menu";
import { cn } from "@/lib/class-names";
import { useChangeConversation, useDeleteConversation } from "@/lib/queries/conversations";
import { useForget } from "@/lib/queries/memory";
import { strings } from "@/lib/strings";
import { showError, showInfo } from "@/lib/toasts";
import type { Conversation } from "@/types/api";

type ConversationItemProps = {
  conversation: Conversation;
  active: boolean;
  onOpen: () => void;
  onDeleted: (id: string) => void;
};

export function ConversationItem({
  conversation,
  active,
  onOpen,
  onDeleted,
}: ConversationItemProps) {
  const [mode, setMode] = useState<"idle" | "renaming" | "forgetting" | "deleting">("idle");
  const changeConversation = useChangeConversation();
  const deleteConversation = useDeleteConversation();
  const forget = useForget();
  const title = conversation.title || strings.conversations.untitled;

  const rename = (newTitle: string) => {
    setMode("idle");
    if (newTitle !== "" && newTitle !== conversation.title) {
      changeConversation.mutate({ id: conversation.id, change: { title: newTitle } });
    }
  };

  const remove = () =>
    deleteConversation.mutate(conversation.id, {
      onSuccess: () => {
        showInfo(strings.conversations.deleted);
        onDeleted(conversation.id);
      },
    });

  const forgetAll = () =>
    forget.mutate(
      { conversationId: conversation.id },
      { onSuccess: () => showInfo(strings.conversations.wasForgotten), onError: showError },
    );

  if (mode === "renaming") {
    return (
      <li className="px-0.5 py-0.5">
        <TitleEditor title={conversation.title} onSave={rename} onCancel={() => setMode("idle")} />
      </li>
    );
  }
  return (
    <li
      className={cn(
        "group relative flex items-center rounded-lg hover:bg-subtle",
        active && "bg-subtle",
      )}
    >
      <Link
        to={`/c/${conversation.id}`}
        aria-current={active ? "page" : undefined}
        onClick={onOpen}
        title={title}
        className={cn(
          "min-w-0 flex-1 truncate rounded-lg py-2 pr-9 pl-2.5 text-sm",
          active && "font-medium",
        )}
      >
        {title}
      </Link>
      <Menu>
        <MenuTrigger
          aria-label={strings.conversations.actionsFor(title)}
          className="absolute right-1 inline-flex size-7 cursor-pointer items-center justify-center rounded-md text-muted hover:text-text focus-visible:opacity-100 data-[state=open]:opacity-100 pointer-fine:opacity-0 pointer-fine:group-focus-within:opacity-100 pointer-fine:group-hover:opacity-100"
        >
          <Ellipsis className="size-4" aria-hidden />
        </MenuTrigger>
        {/* The dialog and the editor take the focus over; the trigger must not take it back. */}
        <MenuContent align="end" onCloseAutoFocus={(event) => event.preventDefault()}>
          <MenuItem onSelect={() => setMode("renaming")}>
            <Pencil aria-hidden />
            {strings.conversations.rename}
          </MenuItem>
          <MenuItem onSelect={() => setMode("forgetting")}>
            <Eraser aria-hidden />
            {strings.conversations.forget}
          </MenuItem>
          <MenuItem danger onSelect={() => setMode("deleting")}>
            <Trash2 aria-hidden />
            {strings.conversations.delete}
          </MenuItem>
        </MenuContent>
      </Menu>
      <ConfirmDialog
        open={mode === "forgetting"}
        onOpenChange={(open) => setMode(open ? "forgetting" : "idle")}
        title={strings.conversations.forgetTitle}
        text={strings.conversations.forgetText(title)}
        confirmLabel={strings.memory.forget}
        onConfirm={forgetAll}
      />
      <ConfirmDialog
        open={mode === "deleting"}
        onOpenChange={(open) => setMode(open ? "deleting" : "idle")}
        title={strings.conversations.deleteTitle}
        text={strings.conversations.deleteText(title)}
        confirmLabel={strings.actions.delete}
        onConfirm={remove}
      />
    </li>
  );
}

type TitleEditorProps = {
  title: string;
  onSave: (title: string) => void;
  onCancel: () => void;
};

function TitleEditor({ title, onSave, onCancel }: TitleEditorProps) {
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    if (event.key === "Enter") onSave(event.currentTarget.value.trim());
    if (event.key === "Escape") onCancel();
  };
  return (
    <Input
      // Chosen from the menu to type the title now.
      // eslint-disable-next-line jsx-a11y/no-autofocus
      autoFocus
      defaultValue={title}
      maxLength={200}
      aria-label={strings.conversations.renameLabel}
      className="h-9 px-2 text-sm"
      onFocus={(event) => event.currentTarget.select()}
      onKeyDown={onKeyDown}
      onBlur={(event) => onSave(event.currentTarget.value.trim())}
    />
  );
}
