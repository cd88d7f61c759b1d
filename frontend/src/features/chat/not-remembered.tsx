import { EyeOff } from "lucide-react";
import { IconButton } from "@/components/ui/icon-button";
import { Popover, PopoverContent, PopoverTrigger } from "@/components/ui/popover";
import { useMemoryState } from "@/lib/queries/memory";
import { BUILT_IN_MODEL } from "@/lib/queries/models";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";

type NotRememberedProps = { message: Message; conversationRemembered: boolean };

/**
 * Marks a message that other chats are not told of. The built-in quotes never are, and where the
 * installation remembers nothing there is nothing to tell apart.
 */
export function NotRemembered({ message, conversationRemembered }: NotRememberedProps) {
  const state = useMemoryState();
  const { model, remembered, status } = message;
  if (state === null || state === "off-here") return null;
  if (remembered && conversationRemembered) return null;
  if (model === BUILT_IN_MODEL || status === "streaming" || status === "failed") return null;
  return (
    <Popover>
      <PopoverTrigger asChild>
        <IconButton
          label={strings.chat.notRemembered}
          icon={<EyeOff className="size-3.5!" aria-hidden />}
        />
      </PopoverTrigger>
      <PopoverContent label={strings.chat.notRemembered} className="w-64 p-3 text-[0.8125rem]">
        {conversationRemembered
          ? strings.chat.notRememberedText
          : strings.chat.chatNotRememberedText}
      </PopoverContent>
    </Popover>
  );
}
