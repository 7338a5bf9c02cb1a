/**
 * The parts of the DOM that the functions which run inside pages use. They are sent to the browser as text, so nothing
 * but their arguments and what is declared here is at hand there.
 */

export type PageNode = {
  readonly nodeType: number;
  readonly childNodes: ArrayLike<PageNode>;
  textContent: string | null;
  appendChild<T extends PageNode>(child: T): T;
  remove(): void;
};

export type PageElement = PageNode & {
  readonly id: string;
  readonly localName: string;
  readonly children: ArrayLike<PageElement>;
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>;
  readonly outerHTML: string;
  innerHTML: string;
  /** The text as it is seen. */
  readonly innerText: string;
  readonly shadowRoot: PageRoot | null;
  /** Of links, images and sources: the address, resolved. */
  readonly href: string;
  readonly currentSrc: string;
  /** Of fields. */
  readonly type: string;
  readonly value: string;
  readonly checked: boolean;
  readonly selected: boolean;
  /** Of `<style>`. */
  readonly sheet: PageSheet | null;
  /** Of `<template>`. */
  readonly content: PageRoot;
  matches(selector: string): boolean;
  prepend(child: PageNode): void;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  toggleAttribute(name: string, force: boolean): void;
};

export type PageSheet = { readonly cssRules: ArrayLike<{ readonly cssText: string }> };

export type PageRoot = PageNode & {
  readonly adoptedStyleSheets: readonly PageSheet[];
  querySelectorAll(selector: string): Iterable<PageElement> & ArrayLike<PageElement>;
  querySelector(selector: string): PageElement | null;
};

export type PageDocument = PageRoot & {
  readonly title: string;
  readonly doctype: PageNode | null;
  readonly documentElement: PageElement;
  readonly head: PageElement;
  readonly body: PageElement;
  readonly implementation: { createHTMLDocument(title: string): PageDocument };
  createElement(name: string): PageElement;
  importNode<T extends PageNode>(node: T, deep: boolean): T;
  replaceChild(child: PageNode, old: PageNode): void;
};
