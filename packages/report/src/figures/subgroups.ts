import { counted, estimateParts, formatCount, formatEstimate } from '../format.ts';
import { MEASURES } from '../measures.ts';
import type { SubgroupAnalysis, SubgroupRow } from '../report-data.ts';
import { captionOf, type Figure, figureName, figureOf } from './figure.ts';
import { drawForest, type Forest, type ForestRow, forestCsv } from './forest.ts';

/** A forest plot of one measure in subgroups, the overall value as a diamond and a dashed line. */
export function subgroupFigure(analysis: SubgroupAnalysis): Figure {
  const { model, dataset, measure, groups, overall } = analysis;
  const { heading, unit } = MEASURES.find(({ name }) => name === measure) as (typeof MEASURES)[number];
  const percent = unit === 'percent' ? 100 : 1;
  const times = (value: number) => value * percent;
  const rowOf = ({ label, cases, positives, estimate }: SubgroupRow, main = false): ForestRow => {
    const { value, interval } = estimateParts(estimate, unit);
    const bounds = estimate.interval?.every(Number.isFinite) ? estimate.interval : null;
    return {
      label,
      detail:
        positives === undefined
          ? `n = ${formatCount(cases)}`
          : `${formatCount(positives)} of ${formatCount(cases)} positive`,
      value: estimate.value === null || !Number.isFinite(estimate.value) ? null : times(estimate.value),
      interval: bounds && [times(bounds[0]), times(bounds[1])],
      text: [value, interval].filter(Boolean).join(' '),
      main,
    };
  };
  const cells = (group: string, { label, cases, positives, estimate }: SubgroupRow) => [
    model,
    dataset,
    group,
    label,
    cases,
    positives,
    estimate.value,
    estimate.interval?.[0],
    estimate.interval?.[1],
  ];
  const all = overall ? [{ name: '', rows: [overall] }] : [];
  const told = [...groups, ...all].flatMap(({ name, rows }) =>
    rows.map(
      ({ label, cases, estimate }) =>
        `${name ? `${name} ` : ''}${label} (${counted(cases, 'case')}) ${formatEstimate(estimate, unit)}`,
    ),
  );
  const forest: Forest = {
    rows: [
      ...groups.flatMap(({ name, rows }): ForestRow[] => [{ heading: name }, ...rows.map((row) => rowOf(row))]),
      ...(overall ? [rowOf(overall, true)] : []),
    ],
    title: heading,
    limits: [0, percent],
    ...(overall?.estimate.value == null ? {} : { reference: times(overall.estimate.value) }),
    alt: `Forest plot of ${heading} of ${model} in subgroups. ${told.join('; ')}.`,
    columns: ['model', 'dataset', 'group', 'subgroup', 'cases', 'positives', measure, 'lower', 'upper'],
    data: [...groups, ...all].flatMap(({ name, rows }) => rows.map((row) => cells(name, row))),
  };
  return figureOf({
    name: figureName('subgroups', measure, model, dataset),
    caption: captionOf(`${heading.replace(', %', '')} in subgroups`, model, dataset),
    svg: drawForest(forest),
    csv: forestCsv(forest),
    alt: forest.alt,
    remark:
      'Intervals of subgroups are not adjusted for their number; a difference between subgroups needs a test of interaction.',
  });
}
