/** Entry of the process that computes what views show. Started by the app only. */
import { serveViews } from './flow/views/serve-views.ts';

serveViews();
