using System.Numerics;
using InferenceServer.ExchangeTests.Json;

namespace InferenceServer.ExchangeTests.Comparing;

/// <summary>Compares two values as a case asks: <c>sort</c> orders lists first, <c>only</c> or <c>ignore</c> choose paths, <c>tolerance</c> is for numbers that are not whole.</summary>
internal sealed class JsonComparison
{
    private const double DefaultTolerance = 1e-6;

    private readonly string[] _sort;
    private readonly string[] _only;
    private readonly string[] _ignore;
    private readonly double _tolerance;
    private readonly List<Difference> _found;

    public JsonComparison(JsonObject compare, List<Difference> found)
    {
        _sort = compare.Texts("sort");
        _only = compare.Texts("only");
        _ignore = compare.Texts("ignore");
        _tolerance = compare["tolerance"] switch { double number => number, BigInteger number => (double)number, _ => DefaultTolerance };
        _found = found;
    }

    /// <summary>Adds what is different. Both values are put into order by it.</summary>
    public void Compare(object? expected, object? actual, string prefix = "")
    {
        foreach (var sort in _sort)
        {
            JsonPaths.Sort(expected, sort);
            JsonPaths.Sort(actual, sort);
        }

        if (_only.Length == 0)
        {
            Walk(expected, actual, prefix);
        }

        foreach (var path in _only)
        {
            Walk(JsonPaths.Pick(expected, path), JsonPaths.Pick(actual, path), prefix + path);
        }
    }

    private void Walk(object? expected, object? actual, string path)
    {
        if (Glob.IsAny(path, _ignore))
        {
            return;
        }

        switch (expected, actual)
        {
            case (JsonObject left, JsonObject right):
                WalkMembers(left, right, path);
                break;
            case (List<object?> left, List<object?> right) when left.Count != right.Count:
                _found.Add(Difference.Of(path + "#length", new BigInteger(left.Count), new BigInteger(right.Count)));
                break;
            case (List<object?> left, List<object?> right):
                for (var i = 0; i < left.Count; i++)
                {
                    Walk(left[i], right[i], $"{path}/{i}");
                }

                break;
            default:
                if (!AreEqual(expected, actual))
                {
                    _found.Add(Difference.Of(path, expected, actual));
                }

                break;
        }
    }

    private void WalkMembers(JsonObject left, JsonObject right, string path)
    {
        foreach (var (name, value) in left)
        {
            if (right.TryGet(name, out var other))
            {
                Walk(value, other, $"{path}/{name}");
            }
            else if (!Glob.IsAny($"{path}/{name}", _ignore))
            {
                _found.Add(Difference.Of($"{path}/{name}", value, Difference.Absent));
            }
        }

        foreach (var (name, value) in right)
        {
            if (!left.Has(name) && !Glob.IsAny($"{path}/{name}", _ignore))
            {
                _found.Add(Difference.Of($"{path}/{name}", Difference.Absent, value));
            }
        }
    }

    private bool AreEqual(object? expected, object? actual) => (expected, actual) switch
    {
        (BigInteger left, BigInteger right) => left == right,
        (BigInteger or double, BigInteger or double) => AreClose(ToDouble(expected), ToDouble(actual)),
        _ => Equals(expected, actual),
    };

    private bool AreClose(double left, double right)
    {
        if (double.IsNaN(left) || double.IsNaN(right))
        {
            return double.IsNaN(left) && double.IsNaN(right);
        }

        return left == right || (double.IsFinite(left) && double.IsFinite(right) && Math.Abs(left - right) <= _tolerance * Math.Max(1, Math.Max(Math.Abs(left), Math.Abs(right))));
    }

    private static double ToDouble(object number) => number is BigInteger whole ? (double)whole : (double)number;
}
