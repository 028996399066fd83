/** A chart places points by its axes, and its frames share a page without touching. */
import { describe, expect, test } from 'vitest';
import { FOOT, MARGIN } from '../../src/render/figure.js';
import { chartFrame, dash, lineChart, splitFrame } from '../../src/render/line-chart.js';

const frame = chartFrame({ width: 920, height: 600, top: 72, key: 110 });
const chart = lineChart(frame, { min: 10, max: 30, name: 'Cap [Gy]' }, { min: 80, max: 104, name: 'Dose [%]' });

describe('line chart', () => {
  test('the frame leaves room for title, ticks, key and footer', () => {
    expect(frame.left + frame.width + 110 + MARGIN).toBe(920);
    expect(frame.top + frame.height + 54 + FOOT).toBe(600);
  });

  test('two frames fill one, the gap between them', () => {
    for (const [above, below] of [splitFrame(frame, 34), splitFrame(frame, 34, 150)]) {
      expect(above.top).toBe(frame.top);
      expect(below.top).toBe(above.top + above.height + 34);
      expect(below.top + below.height).toBe(frame.top + frame.height);
    }
    expect(splitFrame(frame, 34, 150)[1].height).toBe(150);
  });

  test('points, levels and words lie where the axes have them', () => {
    expect([chart.x(10), chart.x(30)]).toEqual([frame.left, frame.left + frame.width]);
    expect([chart.y(80), chart.y(104)]).toEqual([frame.top + frame.height, frame.top]);
    const middle = [frame.left + frame.width / 2, frame.top + frame.height / 2];
    const curve = chart.curve(
      [
        [10, 80],
        [20, 92],
      ],
      { stroke: '#000000' },
    );
    expect(curve).toContain(`d="M${frame.left} ${frame.top + frame.height}L${middle.join(' ')}"`);
    expect(chart.marks([[20, 92]], (x, y) => `${x},${y};`)).toBe(`${middle.join(',')};`);
    expect(chart.upright(20, {})).toContain(`x1="${middle[0]}" y1="${frame.top}" x2="${middle[0]}"`);
    expect(chart.level(92, {})).toContain(`y1="${middle[1]}" x2="${frame.left + frame.width}" y2="${middle[1]}"`);
    expect(chart.beside(92, 'D95', {}, 16)).toContain(`x="${frame.left + frame.width + 10}" y="${middle[1]! + 20}"`);
    expect(dash('#123456')(5, 7)).toContain('x1="2" y1="7" x2="8" y2="7"');
  });

  test('the grid lies under what is drawn, the frame over it', () => {
    const svg = chart.svg('<drawn/>');
    expect(svg.indexOf('#e3e5e8')).toBeLessThan(svg.indexOf('<drawn/>'));
    expect(svg.indexOf('<rect')).toBeGreaterThan(svg.indexOf('<drawn/>'));
    expect(chart.curve([], { stroke: '#000000' })).toBe('');
  });
});
