import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: {
    target: 'es2022',
    // The page runs under a content security policy without inline scripts and data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
  },
  server: {
    proxy: { '/join': 'http://127.0.0.1:8000', '/invitation': 'http://127.0.0.1:8000' },
  },
});
