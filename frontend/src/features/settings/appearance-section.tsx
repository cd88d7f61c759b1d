import { RadioGroup } from "radix-ui";
import { useStore } from "@/lib/store";
import { strings } from "@/lib/strings";
import { setTheme, type Theme, THEMES, themeStore } from "@/lib/theme";

export function AppearanceSection() {
  const theme = useStore(themeStore);
  return (
    <RadioGroup.Root
      value={theme}
      onValueChange={(value) => setTheme(value as Theme)}
      aria-label={strings.settings.theme}
      className="grid grid-cols-3 gap-3"
    >
      {THEMES.map((choice) => (
        <RadioGroup.Item
          key={choice}
          value={choice}
          className="cursor-pointer rounded-xl border border-line bg-surface p-3 text-left text-sm font-medium hover:border-line-strong data-[state=checked]:border-accent data-[state=checked]:ring-1 data-[state=checked]:ring-accent"
        >
          <ThemeSample theme={choice} />
          {strings.settings.themes[choice]}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}

const SAMPLE_GROUNDS: Record<Theme, string> = {
  light: "linear-gradient(#fcfbf9, #fcfbf9)",
  dark: "linear-gradient(#1b1a18, #1b1a18)",
  system: "linear-gradient(115deg, #fcfbf9 50%, #1b1a18 50%)",
};

function ThemeSample({ theme }: { theme: Theme }) {
  return (
    <span
      aria-hidden
      className="mb-2.5 flex h-14 items-end gap-1.5 rounded-lg border border-line p-2"
      style={{ backgroundImage: SAMPLE_GROUNDS[theme] }}
    >
      <span className="h-2 w-1/2 rounded-full bg-[#8d867b]" />
      <span className="h-2 w-1/5 rounded-full bg-[#3b939b]" />
    </span>
  );
}
