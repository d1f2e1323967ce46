// The workers must be known before GraphiQL makes its first editor.
import 'graphiql/setup-workers/vite';

import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import 'graphiql/style.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { endpoint } from '../graphql';
import icon from '../icon.svg';
import { examples } from './examples';
import { SignInBar } from './SignInBar';
import { Sockets } from './sockets';
import { withoutHeaders } from './storage';
import './style.css';

const url = endpoint();
const sockets = new Sockets(url.replace(/^http/, 'ws'));

const fetcher: Fetcher = (params, options) =>
  createGraphiQLFetcher({ url, wsClient: sockets.client(options?.headers), enableIncrementalDelivery: false })(params, options);

createRoot(document.querySelector('#root')!).render(
  <StrictMode>
    <header className="bar">
      <a className="brand" href="./">
        <img src={icon} alt="" width={22} height={22} />
        Product Generator
      </a>
      <span className="muted">Playground</span>
      <SignInBar onChange={() => sockets.renew()} />
    </header>
    <main>
      <GraphiQL
        fetcher={fetcher}
        storage={withoutHeaders(localStorage)}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
        showPersistHeadersSettings={false}
      />
    </main>
  </StrictMode>,
);
