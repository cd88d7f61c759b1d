import { Download } from "lucide-react";
import { Menu, MenuContent, MenuItem, MenuLabel, MenuTrigger } from "@/components/ui/menu";
import { conversationExportUrl, EXPORT_FORMATS } from "@/lib/queries/conversations";
import { strings } from "@/lib/strings";

type ExportMenuProps = {
  conversationId: string;
  /** The last message of the branch that is shown. */
  messageId: string;
};

export function ExportMenu({ conversationId, messageId }: ExportMenuProps) {
  return (
    <Menu>
      <MenuTrigger
        aria-label={strings.conversations.export}
        title={strings.conversations.export}
        className="inline-flex size-8 cursor-pointer items-center justify-center rounded-lg text-muted hover:bg-subtle hover:text-text data-[state=open]:bg-subtle data-[state=open]:text-text"
      >
        <Download className="size-4" aria-hidden />
      </MenuTrigger>
      <MenuContent align="end">
        <MenuLabel>{strings.conversations.export}</MenuLabel>
        {EXPORT_FORMATS.map((format) => (
          <MenuItem key={format} asChild>
            <a href={conversationExportUrl(conversationId, format, messageId)} download>
              {strings.conversations.exportFormats[format]}
            </a>
          </MenuItem>
        ))}
      </MenuContent>
    </Menu>
  );
}
