import { LabIcon } from "@jupyterlab/ui-components";

const svg = (body: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 24 24">${body}</svg>`;
const line = (path: string) =>
  svg(
    `<g fill="none"><path class="jp-icon3" stroke="#616161" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" d="${path}"/></g>`,
  );

/** A document with quotation marks: what is cited. */
export const doiIcon = new LabIcon({
  name: "hubdoi:doi",
  svgstr: line(
    "M14 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8zM14 3v5h5M11 12H8.5v3.5H11V12zm0 3.500q0 2-2 2.500M16 12h-2.500v3.500H16V12zm0 3.500q0 2-2 2.500",
  ),
});
export const citeIcon = new LabIcon({
  name: "hubdoi:cite",
  svgstr: line("M10 7H5v6h5V7zm0 6q0 4-4 5M19 7h-5v6h5V7zm0 6q0 4-4 5"),
});
export const pinIcon = new LabIcon({
  name: "hubdoi:pin",
  svgstr: line("M12 17v5M8 3h8M9 3v7l-3 4v3h12v-3l-3-4V3"),
});
export const checkIcon = new LabIcon({
  name: "hubdoi:check",
  svgstr: line("M9 11l3 3 8-9M20 12v7a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2h9"),
});
export const moreIcon = new LabIcon({
  name: "hubdoi:more",
  svgstr: svg(
    '<g class="jp-icon3" fill="#616161"><circle cx="5" cy="12" r="2"/><circle cx="12" cy="12" r="2"/><circle cx="19" cy="12" r="2"/></g>',
  ),
});
