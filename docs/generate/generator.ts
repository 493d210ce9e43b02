/** Generates a document, or a part of one, from the code. */
export interface Generator {
  /** The document, relative to the repository. */
  readonly path: string;
  /**
   * The part between `<!-- generated:PART -->` and `<!-- /generated:PART -->`. Without it, the generator returns the whole document.
   */
  readonly part?: string;
  /** Returns the document, or its part without the markers. */
  text(): string | Promise<string>;
}
