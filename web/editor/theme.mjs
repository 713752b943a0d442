// The editor's look: only the page's tokens, so that the theme of the page rules here too.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const rules = {
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-code)", fontSize: "12px", lineHeight: "20px" },
  ".cm-content": { caretColor: "var(--accent)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { background: "var(--accent-soft)" },
  ".cm-gutters": { color: "var(--ink-3)", backgroundColor: "var(--surface)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { boxShadow: "inset 0 0 0 999px color-mix(in srgb, var(--ink) 4%, transparent)" },
  "&.cm-focused .cm-activeLineGutter": { color: "var(--ink)" },
  ".cm-selectionMatch, .cm-searchMatch": { backgroundColor: "var(--pending-soft)" },
  ".cm-searchMatch-selected": { backgroundColor: "var(--accent-soft)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--running-soft)" },
  "&.cm-focused .cm-nonmatchingBracket": { backgroundColor: "var(--failed-soft)" },
  ".cm-foldPlaceholder": { color: "var(--ink-2)", backgroundColor: "var(--sunk)", border: "none" },
  ".cm-panels": { color: "var(--ink)", backgroundColor: "var(--sunk)", borderColor: "var(--line)" },
  ".cm-textfield, .cm-button": {
    color: "var(--ink)",
    background: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
  },
  ".cm-tooltip": {
    color: "var(--ink)",
    backgroundColor: "var(--surface)",
    border: "1px solid var(--line-strong)",
    borderRadius: "4px",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    color: "var(--ink)",
    backgroundColor: "var(--accent-soft)",
  },
  ".cm-completionDetail, .cm-placeholder": { color: "var(--ink-3)" },
  ".cm-diagnostic": { fontFamily: "var(--font-text)", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--failed)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--pending)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--creating)" },
  ".cm-lintRange": { backgroundImage: "none", textDecorationSkipInk: "none" },
  ".cm-lintRange-error": { textDecoration: "underline wavy var(--failed)" },
  ".cm-lintRange-warning": { textDecoration: "underline wavy var(--pending)" },
  ".cm-lintRange-info": { textDecoration: "underline wavy var(--creating)" },
  ".cm-lintPoint::after": { borderBottomColor: "var(--failed)" },
};

const light = EditorView.theme(rules, { dark: false });
const dark = EditorView.theme(rules, { dark: true });

const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: "var(--running)", fontWeight: "600" },
  { tag: [tags.keyword, tags.typeName, tags.labelName, tags.meta], color: "var(--terminating)" },
  { tag: [tags.string, tags.special(tags.string), tags.content], color: "var(--ink)" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--ink-2)" },
  { tag: tags.comment, color: "var(--ink-3)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--failed)" },
]);

export const theme = (isDark) => (isDark ? dark : light);
export const highlighting = syntaxHighlighting(highlight);
