using System.Globalization;

namespace InferenceServer.Bench.Charts;

/// <summary>An axis: where values lie on it, from 0 to 1, and which of them are written beside it.</summary>
internal sealed class ChartAxis
{
    private const int WantedTicks = 6;
    private const int MostNames = 10;

    private readonly Func<double, double> _scale;
    private readonly double _low;
    private readonly double _high;

    private ChartAxis(string title, Func<double, double> scale, double low, double high, IReadOnlyList<(double Value, string Text)> ticks)
    {
        Title = title;
        _scale = scale;
        _low = scale(low);
        _high = scale(high);
        Ticks = ticks;
    }

    /// <summary>What it shows, with the unit.</summary>
    public string Title { get; }

    public IReadOnlyList<(double Value, string Text)> Ticks { get; }

    /// <summary>From 0 on.</summary>
    public static ChartAxis Linear(string title, IReadOnlyList<double> values)
    {
        var high = values.Where(double.IsFinite).DefaultIfEmpty(1).Max();
        var step = NiceStep((high > 0 ? high : 1) / WantedTicks);
        var count = (int)Math.Ceiling((high > 0 ? high : 1) / step);
        return new ChartAxis(title, static value => value, 0, count * step, [.. Enumerable.Range(0, count + 1).Select(i => (i * step, Text(i * step)))]);
    }

    /// <summary>By powers of ten where values are far apart, from 0 on where they are not.</summary>
    public static ChartAxis Times(string title, IReadOnlyList<double> values)
    {
        var positive = values.Where(static value => value > 0 && double.IsFinite(value)).ToList();
        if (positive.Count == 0 || positive.Max() < 20 * positive.Min())
        {
            return Linear(title, values);
        }

        var (low, high) = (Math.Floor(Math.Log10(positive.Min())), Math.Ceiling(Math.Log10(positive.Max())));
        var ticks = new List<(double, string)>();
        for (var power = low; power <= high; power++)
        {
            ticks.Add((Math.Pow(10, power), Text(Math.Pow(10, power))));
        }

        return new ChartAxis(title, value => Math.Log10(Math.Max(value, Math.Pow(10, low))), Math.Pow(10, low), Math.Pow(10, high), ticks);
    }

    /// <summary>One place for each name; where there are many, not each is written.</summary>
    public static ChartAxis Names(string title, IReadOnlyList<string> names)
    {
        var step = ((names.Count - 1) / MostNames) + 1;
        return new(title, static value => value, -0.5, Math.Max(names.Count, 1) - 0.5, [.. names.Select(static (name, i) => ((double)i, name)).Where(one => one.Item1 % step == 0)]);
    }

    /// <summary>Percentiles, of which each nine more takes the same space.</summary>
    public static ChartAxis Percentiles(string title, double highest)
    {
        var nines = Math.Max(1, (int)Math.Ceiling(-Math.Log10(1 - (Math.Min(highest, 99.99999) / 100)) - 1e-9));
        var ticks = new List<(double, string)> { (0, "0"), (50, "50") };
        for (var i = 1; i <= nines; i++)
        {
            var percentile = 100 * (1 - Math.Pow(10, -i));
            ticks.Add((percentile, percentile.ToString("0.#####", CultureInfo.InvariantCulture)));
        }

        var end = ticks[^1].Item1;
        return new ChartAxis(title, value => -Math.Log10(1 - (Math.Min(value, end) / 100)), 0, end, ticks);
    }

    /// <summary>Where a value lies, 0 at the begin and 1 at the end.</summary>
    public double Position(double value) => _high > _low ? Math.Clamp((_scale(value) - _low) / (_high - _low), 0, 1) : 0;

    private static double NiceStep(double least)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(least)));
        return new[] { 1, 2, 2.5, 5, 10 }.Select(factor => factor * power).First(step => step >= least * 0.999);
    }

    private static string Text(double value) => value switch
    {
        >= 1e6 => (value / 1e6).ToString("0.##", CultureInfo.InvariantCulture) + " M",
        >= 1e4 => (value / 1e3).ToString("0.##", CultureInfo.InvariantCulture) + " k",
        _ => value.ToString("0.######", CultureInfo.InvariantCulture),
    };
}
