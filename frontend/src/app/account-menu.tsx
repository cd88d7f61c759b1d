import { CircleUserRound, Keyboard, LogOut, Monitor, Moon, Settings, Sun } from "lucide-react";
import { useNavigate } from "react-router";
import {
  Menu,
  MenuContent,
  MenuItem,
  MenuLabel,
  MenuRadioGroup,
  MenuRadioItem,
  MenuSeparator,
  MenuTrigger,
} from "@/components/ui/menu";
import { cn } from "@/lib/class-names";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { setTheme, type Theme, THEMES, themeStore } from "@/lib/theme";
import type { User } from "@/types/api";

const THEME_ICONS = { system: Monitor, light: Sun, dark: Moon } as const;

type AccountMenuProps = {
  user: User;
  onNavigate: () => void;
  onShowShortcuts: () => void;
  onLogOut: () => void;
};

export function AccountMenu({ user, onNavigate, onShowShortcuts, onLogOut }: AccountMenuProps) {
  const navigate = useNavigate();
  const theme = useStore(themeStore);
  return (
    <div className="shrink-0 border-t border-line p-2">
      <Menu>
        <MenuTrigger
          aria-label={`${strings.shell.account}: ${user.username}`}
          className="flex h-10 w-full cursor-pointer items-center gap-2.5 rounded-lg px-2.5 text-sm hover:bg-subtle data-[state=open]:bg-subtle"
        >
          <CircleUserRound className="size-5 shrink-0 text-muted" aria-hidden />
          <span className="truncate">{user.username}</span>
        </MenuTrigger>
        <MenuContent align="start" side="top" className="w-60">
          <MenuItem
            onSelect={() => {
              onNavigate();
              void navigate("/settings");
            }}
          >
            <Settings aria-hidden />
            {strings.shell.settings}
          </MenuItem>
          <MenuItem onSelect={onShowShortcuts}>
            <Keyboard aria-hidden />
            {strings.shell.shortcuts}
          </MenuItem>
          <MenuSeparator />
          <MenuLabel>{strings.shell.theme}</MenuLabel>
          <MenuRadioGroup
            value={theme}
            onValueChange={(value) => setTheme(value as Theme)}
            className="grid grid-cols-3 gap-1 px-1 pb-1"
          >
            {THEMES.map((choice) => {
              const Icon = THEME_ICONS[choice];
              return (
                <MenuRadioItem
                  key={choice}
                  value={choice}
                  onSelect={(event) => event.preventDefault()}
                  className={cn(
                    "flex-col gap-1 px-1 text-xs text-muted",
                    choice === theme && "bg-accent-soft text-accent-strong",
                  )}
                >
                  <Icon aria-hidden />
                  {strings.settings.themes[choice]}
                </MenuRadioItem>
              );
            })}
          </MenuRadioGroup>
          <MenuSeparator />
          <MenuItem onSelect={onLogOut}>
            <LogOut aria-hidden />
            {strings.auth.logOut}
          </MenuItem>
        </MenuContent>
      </Menu>
    </div>
  );
}
