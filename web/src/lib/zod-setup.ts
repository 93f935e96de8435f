// Before the first schema is made: the page's policy allows no code made up as it runs, and zod would try, and
// the browser would complain. Imported first of all by main.tsx.
import { config } from 'zod';

config({ jitless: true });
