// Draws <div data-chart data-source="ID"> on a canvas from the JSON in #ID.
// The server decides numbers, labels and words; this file only draws.

(() => {
  const drawn = new Set();
  const MOST_SLANTED = 24; // more names than that are thinned out instead
  const LEAST_APART = 16; // pixels from one slanted name to the next
  const LONGEST_SLANTED = 112; // pixels of a slanted name; the tooltip and the table have it whole

  function tone(name) {
    const style = getComputedStyle(document.documentElement);
    return style.getPropertyValue(`--p-${name}`).trim();
  }

  function grouped(value) {
    if (value === null || value === undefined) return "–";
    const rounded = Math.abs(value) >= 100 ? Math.round(value) : value;
    return rounded
      .toLocaleString("en", { maximumFractionDigits: 1 })
      .replaceAll(",", "\u202f")
      .replace("-", "\u2212");
  }

  function short(value) {
    const size = Math.abs(value);
    if (size >= 1e6) return `${precise(value / 1e6)} M`;
    if (size >= 1e4) return `${precise(value / 1e3)} k`;
    return precise(value);
  }

  // Ticks lie at round steps: each is written out, where one place would say 1.1 twice.
  function precise(value) {
    return value
      .toLocaleString("en", { maximumFractionDigits: 6 })
      .replaceAll(",", "\u202f")
      .replace("-", "\u2212");
  }

  function series(one) {
    const colour = tone(one.tone);
    const isStack = one.shape === "stack";
    const isBar = one.shape === "bar" || isStack;
    return {
      name: one.name,
      type: isBar ? "bar" : "line",
      data: one.values,
      showSymbol: one.values.length === 1,
      symbolSize: 6,
      barMaxWidth: 48,
      stack: isStack ? "whole" : undefined,
      step: false,
      color: colour,
      lineStyle: { width: 2, type: one.shape === "dashed" ? "dashed" : "solid" },
      areaStyle: one.shape === "area" ? { color: tone("chart-fill") } : undefined,
      itemStyle: isBar && !isStack ? { borderRadius: [3, 3, 0, 0] } : undefined,
    };
  }

  // Floating bars: each move begins where the one before ended, the last is their sum.
  function waterfall(one) {
    let level = 0;
    const last = one.values.length - 1;
    const ends = one.values.map((value, index) => {
      const start = index === last ? 0 : level;
      level = start + value;
      return [start, level];
    });
    const colours = one.values.map((value, index) => tone(index === last ? "chart-2" : value < 0 ? "loss" : "gain"));
    return {
      name: one.name,
      type: "candlestick",
      barMaxWidth: 48,
      data: ends.map(([start, end], index) => ({
        value: [start, end, Math.min(start, end), Math.max(start, end)],
        itemStyle: { color: colours[index], color0: colours[index], borderColor: colours[index], borderColor0: colours[index], borderColorDoji: colours[index] },
      })),
    };
  }

  function moveText(data) {
    return ([point]) => `${point.name}: ${signed(data.series[0].values[point.dataIndex])}`;
  }

  function signed(value) {
    return value > 0 ? `+${grouped(value)}` : grouped(value);
  }

  function axis(title, extra) {
    return {
      name: title,
      nameLocation: "middle",
      nameTextStyle: { color: tone("ink-soft") },
      axisLabel: { color: tone("ink-soft"), hideOverlap: true, ...extra?.axisLabel },
      axisLine: { lineStyle: { color: tone("line-strong") } },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: tone("line") } },
      ...extra?.axis,
    };
  }

  function options(data, width) {
    const isWaterfall = data.series.some((one) => one.shape === "waterfall");
    // Bars carry ranges for names: slanted, so that each of them is written.
    const most = Math.min(MOST_SLANTED, Math.floor((width - 76) / LEAST_APART));
    const isSlanted = data.has_bars && data.labels.length > (width < 480 ? 3 : 5) && data.labels.length <= most;
    return {
      animation: false,
      aria: { enabled: true, label: { description: data.summary } },
      textStyle: { fontFamily: tone("font"), color: tone("ink") },
      grid: { left: 60, right: data.has_bars ? 16 : 44, top: data.series.length > 1 ? 34 : 14, bottom: isSlanted ? 84 : 46 },
      legend: data.series.length > 1
        ? { type: "scroll", top: 0, left: 0, textStyle: { color: tone("ink-soft") }, itemHeight: 8 }
        : undefined,
      tooltip: {
        trigger: "axis",
        confine: true,
        renderMode: "richText",
        backgroundColor: tone("surface"),
        borderColor: tone("line-strong"),
        textStyle: { color: tone("ink"), fontSize: 12 },
        valueFormatter: (value) => `${grouped(value)}${data.unit}`,
        ...(isWaterfall ? { formatter: moveText(data) } : {}),
      },
      xAxis: axis(data.x_title, {
        axis: { type: "category", data: data.labels, boundaryGap: data.has_bars, nameGap: isSlanted ? 66 : 30, splitLine: { show: false } },
        axisLabel: isSlanted ? { interval: 0, rotate: 35, hideOverlap: false, width: LONGEST_SLANTED, overflow: "truncate" } : { width: LONGEST_SLANTED, overflow: data.has_bars ? "truncate" : "none" },
      }),
      yAxis: axis("", {
        axis: { type: "value", scale: data.is_close_up },
        axisLabel: { formatter: (value) => `${short(value)}${data.unit}` },
      }),
      series: data.series.map((one) => (isWaterfall ? waterfall(one) : series(one))),
    };
  }

  // What goes from where to where; a ribbon that has an address opens it.
  function flow(data) {
    return {
      animation: false,
      aria: { enabled: true, label: { description: data.summary } },
      textStyle: { fontFamily: tone("font"), color: tone("ink") },
      tooltip: {
        confine: true,
        renderMode: "richText",
        backgroundColor: tone("surface"),
        borderColor: tone("line-strong"),
        textStyle: { color: tone("ink"), fontSize: 12 },
        formatter: ({ data: one, name, value }) => (one.source ? `${one.source} → ${one.target}: ${grouped(value)}` : `${name}: ${grouped(value)}`),
      },
      series: [{
        type: "sankey",
        left: 4,
        right: 4,
        top: 8,
        bottom: 8,
        nodeGap: 14,
        draggable: false,
        layoutIterations: 0,
        emphasis: { focus: "adjacency" },
        lineStyle: { color: "source", opacity: 0.35 },
        label: { color: tone("ink"), fontSize: 12 },
        data: data.places.map((one) => ({
          name: one.name,
          depth: one.name.startsWith("→ ") ? 1 : 0,
          itemStyle: { color: tone(one.tone) },
          label: { position: one.name.startsWith("→ ") ? "left" : "right" },
        })),
        links: data.ribbons,
      }],
    };
  }

  function draw(element) {
    const data = JSON.parse(document.getElementById(element.dataset.source).textContent);
    const chart = echarts.getInstanceByDom(element) ?? echarts.init(element, null, { renderer: "canvas" });
    const isFlow = data.kind === "flow";
    chart.setOption(isFlow ? flow(data) : options(data, element.clientWidth), true);
    chart.off("click");
    if (isFlow) {
      chart.on("click", ({ data: one }) => one.url && window.location.assign(one.url));
    } else if (data.urls?.some(Boolean)) {
      // A bar or a point leads to the names behind it, as its line of the table does.
      chart.on("click", ({ dataIndex }) => {
        if (data.urls[dataIndex]) window.location.assign(data.urls[dataIndex]);
      });
    }
    drawn.add(element);
  }

  onEach("[data-chart]", (element) => {
    draw(element);
    new ResizeObserver(() => echarts.getInstanceByDom(element)?.resize()).observe(element);
  });

  document.addEventListener("theme-changed", () => {
    drawn.forEach((element) => {
      if (element.isConnected) draw(element);
      else drawn.delete(element);
    });
  });
})();
