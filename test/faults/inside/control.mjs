// Loaded with `--import` for a negative control: puts a stand-in where a program composes its real part. What it switches off, the run must notice.
import { register } from 'node:module';

register('./control-hooks.mjs', import.meta.url, { data: { control: process.env.TOLLGATE_FAULT_CONTROL ?? '' } });
