import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { TooltipProvider } from "@/components/ui/tooltip";
import { strings } from "@/lib/strings";
import { aCitation } from "@/testing/factories";
import type { Citation } from "@/types/api";
import { CitationsContext } from "./citations-context";
import { Markdown } from "./markdown";

type Options = { citations?: Citation[]; streaming?: boolean; goneIds?: (string | null)[] };

function renderAnswer(
  text: string,
  { citations = [], streaming = false, goneIds = [] }: Options = {},
) {
  const open = vi.fn();
  render(
    <CitationsContext
      value={{
        byNumber: new Map(citations.map((citation) => [citation.n, citation])),
        streaming,
        isDocumentGone: ({ document_id }) => goneIds.includes(document_id),
        open,
      }}
    >
      <Markdown text={text} />
    </CitationsContext>,
    { wrapper: TooltipProvider },
  );
  return { open };
}

const chips = () => screen.queryAllByRole("button", { name: /^Citation/ });

function lastChip(): HTMLElement {
  const chip = chips().at(-1);
  if (!chip) throw new Error("there is no chip");
  return chip;
}

describe("citations in an answer", () => {
  it("become chips that name file and page and open the passage", async () => {
    const citation = aCitation({ n: 1 });
    const { open } = renderAnswer("Revenue rose [1] and fell [1].", { citations: [citation] });
    expect(chips()).toHaveLength(2);
    expect(chips()[0]).toHaveAccessibleName("Citation 1: report.pdf, page 2");
    await userEvent.click(lastChip());
    expect(open).toHaveBeenCalledExactlyOnceWith(citation);
  });

  it("are found in lists, tables, emphasis and next to each other", () => {
    renderAnswer("- one [1]\n- **two [2]**\n\n| a |\n|---|\n| x [1][2] |", {
      citations: [aCitation({ n: 1 }), aCitation({ n: 2 })],
    });
    expect(chips()).toHaveLength(4);
  });

  it.each([
    ["inline code", "`a[1]`"],
    ["a code block", "```python\na[1]\n```"],
    ["a link's text", "[see [1]](https://example.org)"],
    ["inline maths", "where $x_{[1]} + y[1]$ holds"],
    ["displayed maths", "$$\nx[1]\n$$"],
    ["maths in parentheses", "\\\\(x[1]\\\\)"],
  ])("stay text in %s", (_, text) => {
    renderAnswer(text, { citations: [aCitation({ n: 1 })] });
    expect(chips()).toHaveLength(0);
  });

  it.each([
    ["a bracket of the document's own", "“as shown in \\[1\\] and \\[2, 3\\]” [1]"],
    ["one behind entities and quoted lines", "> &lt; a\n> \\< b \\[1\\] [1]"],
    ["an escaped dollar", "“costs \\$5 \\[1\\] or US\\$” [1]"],
  ])("stay text in %s, and the mark behind it is one", (_, text) => {
    renderAnswer(text, { citations: [aCitation({ n: 1 })] });
    expect(chips()).toHaveLength(1);
  });

  it("may share their brackets", () => {
    renderAnswer("Revenue rose [1, 2].", {
      citations: [aCitation({ n: 1 }), aCitation({ n: 2, filename: "b.pdf" })],
    });
    expect(chips().map((chip) => chip.textContent)).toEqual(["1", "2"]);
  });

  it("still work between sums of money", () => {
    renderAnswer("It cost $5 [1] and later $7 [1].", { citations: [aCitation({ n: 1 })] });
    expect(chips()).toHaveLength(2);
  });

  it("stay text when the message has no such citation", () => {
    renderAnswer("As shown [9].", { citations: [aCitation({ n: 1 })] });
    expect(chips()).toHaveLength(0);
    expect(screen.getByText(/As shown/)).toHaveTextContent("As shown [9].");
  });

  it("cannot be opened while the answer is being written", () => {
    renderAnswer("Revenue rose [1]", { streaming: true });
    expect(chips()).toHaveLength(0);
    expect(screen.getByText("1")).toBeInTheDocument();
  });

  it.each([
    ["unsupported", strings.citations.unsupported],
    ["partial", strings.citations.partial],
  ] as const)("say in words that they are %s", (support, words) => {
    renderAnswer("Revenue rose [1].", { citations: [aCitation({ n: 1, support })] });
    expect(chips()[0]).toHaveAccessibleName(expect.stringContaining(words));
    expect(chips()[0]).toHaveAttribute("data-support", support);
  });

  it("say that their document was deleted", () => {
    renderAnswer("Once [1].", { citations: [aCitation({ document_id: null })], goneIds: [null] });
    expect(chips()[0]).toHaveAccessibleName(
      expect.stringContaining(strings.citations.documentGone),
    );
  });

  it("show the quote to the keyboard, too", async () => {
    renderAnswer("Revenue rose [1].", { citations: [aCitation({ quote: "Rose by 4 percent." })] });
    await userEvent.tab();
    expect(await screen.findByText("Rose by 4 percent.")).toBeInTheDocument();
  });
});

describe("an answer's Markdown", () => {
  it("shows what a document has of markup as text", () => {
    const { container } = render(
      <Markdown
        text={
          "“\\<script>alert(1)\\</script> \\[site\\](javascript:alert(1)) \\*\\*loud\\*\\* !\\[x\\](http://e.org/x.png)”"
        }
      />,
    );
    expect(container.querySelector("script, a[href^=javascript], strong, img")).toBeNull();
    expect(container.textContent).toContain("<script>alert(1)</script> [site](javascript:");
    expect(container.textContent).toContain("**loud**");
  });

  it("loads nothing from elsewhere and runs nothing", () => {
    const { container } = render(
      <Markdown
        text={
          "![x](https://example.org/x.png)\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n[bad](javascript:alert(1))"
        }
      />,
    );
    expect(container.querySelector("img, script, iframe")).toBeNull();
    expect(container.querySelector("a")?.getAttribute("href") ?? "").not.toContain("javascript");
  });

  it("gives code blocks their language and a copy button", async () => {
    const user = userEvent.setup();
    render(<Markdown text={"```python\nprint(1)\n```"} />, { wrapper: TooltipProvider });
    expect(screen.getByText("python")).toBeInTheDocument();
    vi.stubGlobal("isSecureContext", true);
    await user.click(screen.getByRole("button", { name: strings.chat.copyCode }));
    expect(await navigator.clipboard.readText()).toBe("print(1)\n");
  });
});
