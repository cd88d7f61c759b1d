import { isValidElement, memo, type ReactNode } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import rehypeSanitize, { defaultSchema, type Options } from "rehype-sanitize";
import remarkGfm from "remark-gfm";
import { strings } from "@/lib/strings";
import { CitationMark } from "./citation-chip";
import { citationPlugin } from "./citation-plugin";
import { CodeBlock } from "./code-block";

const schema: Options = {
  ...defaultSchema,
  // An answer must not make the browser load anything from anywhere.
  tagNames: [...(defaultSchema.tagNames ?? []).filter((tag) => tag !== "img"), "cite"],
  attributes: { ...defaultSchema.attributes, cite: ["dataCitation"] },
};

const components: Components = {
  cite: (props) => <CitationMark n={Number(dataCitation(props))} />,
  pre: ({ children }) => <CodeBlock language={codeLanguage(children)}>{children}</CodeBlock>,
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
      <span className="sr-only"> ({strings.chat.linkOpensNewTab})</span>
    </a>
  ),
  table: ({ children }) => (
    // Scrolls sideways, so the keyboard must be able to reach it.
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="table-scroll" tabIndex={0}>
      <table>{children}</table>
    </div>
  ),
};

const remarkPlugins = [remarkGfm, citationPlugin];
const rehypePlugins: [typeof rehypeSanitize, Options][] = [[rehypeSanitize, schema]];

/** An answer's text. Citation marks take what they show from CitationsContext. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="answer-text">
      <ReactMarkdown
        remarkPlugins={remarkPlugins}
        rehypePlugins={rehypePlugins}
        components={components}
      >
        {text}
      </ReactMarkdown>
    </div>
  );
});

function dataCitation(props: object): unknown {
  return (props as { "data-citation"?: unknown })["data-citation"];
}

function codeLanguage(children: ReactNode): string | null {
  if (!isValidElement<{ className?: string }>(children)) return null;
  return /language-([\w+#-]+)/.exec(children.props.className ?? "")?.[1] ?? null;
}
