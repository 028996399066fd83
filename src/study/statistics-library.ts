/** What is taken of @stdlib, in one file that the build makes whole, so that its 200 packages are none of those who install respine. */
export { default as padjust } from '@stdlib/stats-padjust';
export { default as wilcoxon } from '@stdlib/stats-wilcoxon';
