// The playground's page as a person handles it: by its fields, editors and buttons.

/** @typedef {{ query: string, variables?: object, expect: string }} Operation */

export class Playground {
  #page;

  /** @param {import('playwright-core').Page} page */
  constructor(page) {
    this.#page = page;
  }

  /** @param {string} base */
  async open(base) {
    await this.#page.goto(new URL('/graphiql', base).href);
    // The editor is ready when it has coloured its text.
    await this.#page.locator('.graphiql-query-editor .view-line span[class^="mtk"]:not(.mtk1)').first().waitFor();
    await this.#page.getByRole('button', { name: 'Sign in' }).waitFor();
    // Completion and checks need the schema; the spinner beside the documentation says that it is being read.
    await this.#page.locator('.graphiql-container .graphiql-spinner').waitFor({ state: 'detached' });
  }

  /** @param {string} email @param {string} password */
  async signIn(email, password) {
    await this.#page.getByLabel('E-mail').fill(email);
    await this.#page.getByLabel('Password').fill(password);
    await this.#page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Runs the operation and waits until the response shows what is expected. @param {Operation} operation */
  async run({ query, variables, expect }) {
    await this.#write('.graphiql-query-editor', query);
    await this.#page.getByRole('button', { name: 'Variables', exact: true }).click();
    await this.#write('.graphiql-editor-tool .graphiql-editor:not(.hidden)', variables ? JSON.stringify(variables, null, 2) : '');
    await this.#page.getByRole('button', { name: /^Execute query/ }).click();
    await this.waitForResponse(expect);
  }

  /** @param {Record<string, string>} headers */
  async setHeaders(headers) {
    await this.#page.getByRole('button', { name: 'Headers', exact: true }).click();
    await this.#write('.graphiql-editor-tool .graphiql-editor:not(.hidden)', JSON.stringify(headers, null, 2));
  }

  /** Ends the running subscription. */
  async stop() {
    await this.#page.getByRole('button', { name: /^Stop query/ }).click();
    await this.#page.getByRole('button', { name: /^Execute query/ }).waitFor();
  }

  /**
   * Waits until the visible part of the response, which may wrap anywhere, contains the text; white space aside.
   * @param {string} text
   */
  async waitForResponse(text) {
    const wanted = withoutSpace(text);
    const response = this.#page.locator('.result-window .view-lines');
    const deadline = Date.now() + 20_000;
    while (!withoutSpace(await response.innerText()).includes(wanted)) {
      if (Date.now() > deadline) throw new Error(`expected ${text} in the response, got:\n${await response.innerText()}`);
      await this.#page.waitForTimeout(50);
    }
  }

  /** Replaces an editor's text by a paste, since typing completes brackets. @param {string} editor @param {string} text */
  async #write(editor, text) {
    await this.#page.locator(`${editor} .view-lines`).first().click();
    await this.#page.keyboard.press('ControlOrMeta+A');
    await this.#page.keyboard.press('Delete');
    await this.#page.evaluate((pasted) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', pasted);
      const paste = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
      document.activeElement?.dispatchEvent(paste);
    }, text);
  }
}

/** @param {string} text */
function withoutSpace(text) {
  return text.replaceAll(/\s/g, '');
}
