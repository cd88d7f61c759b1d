import { ChevronLeft, ChevronRight } from "lucide-react";
import { IconButton } from "@/components/ui/icon-button";
import { strings } from "@/lib/strings";
import type { Message } from "@/types/api";

type BranchSwitcherProps = {
  message: Message;
  siblings: readonly Message[];
  onChoose: (message: Message) => void;
};

/** ‹ 2/3 ›: pages through the versions of a message. */
export function BranchSwitcher({ message, siblings, onChoose }: BranchSwitcherProps) {
  if (siblings.length < 2) return null;
  const index = siblings.findIndex(({ id }) => id === message.id);
  const previous = siblings[index - 1];
  const next = siblings[index + 1];
  return (
    <div className="flex items-center text-xs text-muted tabular-nums">
      <IconButton
        label={strings.chat.branchPrevious}
        icon={<ChevronLeft aria-hidden />}
        className="size-7"
        disabled={!previous}
        onClick={() => previous && onChoose(previous)}
      />
      {strings.chat.branchOf(index + 1, siblings.length)}
      <IconButton
        label={strings.chat.branchNext}
        icon={<ChevronRight aria-hidden />}
        className="size-7"
        disabled={!next}
        onClick={() => next && onChoose(next)}
      />
    </div>
  );
}
