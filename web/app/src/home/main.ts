import { operationCosts, words, type OperationCost } from './costs';

showCosts();
showHealth();

async function showCosts() {
  const rows = document.querySelector('#cost-rows')!;
  try {
    rows.replaceChildren(...(await operationCosts()).map(costRow));
  } catch (error) {
    const cell = element('td', 'note', error instanceof Error ? error.message : String(error));
    cell.setAttribute('colspan', '3');
    const row = document.createElement('tr');
    row.append(cell);
    rows.replaceChildren(row);
  } finally {
    rows.removeAttribute('aria-busy');
  }
}

function costRow(cost: OperationCost): HTMLTableRowElement {
  const name = element('th', '', words(cost.operation));
  name.setAttribute('scope', 'row');
  name.append(element('span', 'note', cost.description));

  const parts = element('td', 'parts', '');
  for (const part of cost.parts) {
    const chip = element('span', 'chip', words(part.part));
    chip.append(element('b', '', String(part.tokens)));
    parts.append(chip);
  }

  const row = document.createElement('tr');
  row.append(name, parts, element('td', 'figure', cost.tokens.toLocaleString('en')));
  return row;
}

async function showHealth() {
  const ready = await fetch(new URL('readyz', document.baseURI)).then(
    // An answer that nobody reads to its end counts as broken off when the page is left.
    (response) => response.text().then(() => response.ok),
    () => false,
  );
  document.querySelector('#health')!.textContent = ready ? 'Ready to serve' : 'Not able to serve now';
  document.querySelector('.health')!.setAttribute('data-health', ready ? 'ready' : 'down');
}

function element(tag: string, className: string, text: string): HTMLElement {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}
