using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using InferenceServer.FuzzTests.Coverage;

namespace InferenceServer.FuzzTests.Engine;

/// <summary>
/// Feeds a target inputs: those kept from earlier, its seeds, then changed ones. An input that reaches code or an outcome that none before has reached
/// is changed further. The same seed and number of inputs give the same session.
/// </summary>
internal sealed class FuzzSession
{
    /// <summary>What an input may take, whatever its length, and besides for each of its bytes. The work must grow with the input and no faster.</summary>
    private static readonly TimeSpan s_base = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan s_each = TimeSpan.FromMicroseconds(10);

    private readonly IFuzzTarget _target;
    private readonly Random _random;
    private readonly Mutator _mutator;
    private readonly CoverageMap _coverage;
    private readonly HashSet<string> _outcomes = [];
    private readonly List<byte[]> _corpus = [];
    private readonly string? _corpusFolder;
    private int _executions;

    private FuzzSession(CoverageMap coverage, IFuzzTarget target, int seed, string? corpusFolder)
    {
        _coverage = coverage;
        _target = target;
        _corpusFolder = corpusFolder;
        _random = new Random(seed);
        _mutator = new Mutator(_random, target.Words);
    }

    /// <summary>Runs a session. Called by name, from outside the context that holds the instrumented assemblies.</summary>
    /// <param name="target">The target's name.</param>
    /// <param name="keptFolder">Inputs that were found to matter; each file is one.</param>
    /// <param name="corpusFolder">Where new inputs of a long run are kept and taken from; null for nowhere.</param>
    /// <param name="seed">What the changes follow from.</param>
    /// <param name="iterations">How many changed inputs there are at most.</param>
    /// <param name="seconds">How long it takes at most; 0 for no limit.</param>
    /// <returns>One line about the session.</returns>
    /// <exception cref="FuzzFindingException">Something that must hold does not; the input is in the message.</exception>
    public static string Run(string target, string keptFolder, string? corpusFolder, int seed, int iterations, int seconds)
    {
        // Making the targets runs readers already.
        var coverage = new CoverageMap();
        return new FuzzSession(coverage, FuzzTargets.All.Single(one => one.Name == target), seed, corpusFolder).Run(keptFolder, iterations, seconds);
    }

    private string Run(string keptFolder, int iterations, int seconds)
    {
        foreach (var folder in new[] { keptFolder, _corpusFolder })
        {
            string[] paths = Directory.Exists(folder) ? [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)] : [];
            foreach (var path in paths)
            {
                Feed(File.ReadAllBytes(path), isKept: true);
            }
        }

        foreach (var seed in _target.Seeds)
        {
            Feed(seed, isKept: true);
        }

        var known = _corpus.Count;
        var clock = Stopwatch.StartNew();
        for (var i = 0; i < iterations && (seconds == 0 || clock.Elapsed.TotalSeconds < seconds); i++)
        {
            // Half of the time one of the newest, which nobody has changed yet.
            var place = _random.Next(2) == 0 ? _corpus.Count - 1 - _random.Next(Math.Min(_corpus.Count, 16)) : _random.Next(_corpus.Count);
            Feed(_mutator.Mutate(_corpus[place], _corpus[_random.Next(_corpus.Count)]), isKept: false);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{_target.Name}: {_executions} inputs in {clock.Elapsed.TotalSeconds:0.0} s, {_corpus.Count - known} new kept beside {known}, {_outcomes.Count} outcomes, {_coverage.Places} places of the code");
    }

    private void Feed(byte[] input, bool isKept)
    {
        _executions++;
        _coverage.Reset();
        var start = Stopwatch.GetTimestamp();
        var outcome = RunTarget(input);
        var isNew = _coverage.Merge() | _outcomes.Add(outcome);
        if (Stopwatch.GetElapsedTime(start) > Limit(input))
        {
            CheckTime(input);
        }

        if (isNew || isKept)
        {
            _corpus.Add(input);
        }

        if (isNew && !isKept && _corpusFolder is not null)
        {
            Directory.CreateDirectory(_corpusFolder);
            File.WriteAllBytes(Path.Combine(_corpusFolder, Convert.ToHexString(SHA256.HashData(input))[..16]), input);
        }
    }

    private string RunTarget(byte[] input)
    {
        try
        {
            return _target.Run(input);
        }
        catch (Exception exception)
        {
            throw new FuzzFindingException($"{_target.Name}: {exception.Message}\ninput of {input.Length} bytes, in base64: {Convert.ToBase64String(input)}", exception);
        }
    }

    private static TimeSpan Limit(byte[] input) => s_base + (s_each * input.Length);

    /// <summary>The machine may have had something else to do: an input is slow when it is slow every time.</summary>
    private void CheckTime(byte[] input)
    {
        var least = TimeSpan.MaxValue;
        for (var i = 0; i < 5 && least > Limit(input); i++)
        {
            var start = Stopwatch.GetTimestamp();
            RunTarget(input);
            var elapsed = Stopwatch.GetElapsedTime(start);
            least = elapsed < least ? elapsed : least;
        }

        if (least > Limit(input))
        {
            throw new FuzzFindingException($"{_target.Name}: {least.TotalMilliseconds} ms for {input.Length} bytes, in base64: {Convert.ToBase64String(input)}");
        }
    }
}
