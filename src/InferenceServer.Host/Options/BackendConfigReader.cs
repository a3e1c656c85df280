using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Core.Hosting;

namespace InferenceServer.Host.Options;

/// <summary>Reads the values of <c>--backend-config</c>: <c>&lt;backend&gt;,&lt;key&gt;=&lt;value&gt;</c>, or <c>&lt;key&gt;=&lt;value&gt;</c> for all backends.</summary>
internal sealed class BackendConfigReader(IReadOnlyList<BackendDescriptor> backends, string source, List<string> errors)
{
    /// <summary>Reads all values; what is wrong is added to the errors.</summary>
    public ImmutableDictionary<string, ImmutableDictionary<string, string>> Read(IEnumerable<string> values)
    {
        var result = new Dictionary<string, ImmutableDictionary<string, string>>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var comma = value.IndexOf(',', StringComparison.Ordinal);
            var setting = value[(comma + 1)..];
            var equals = setting.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                errors.Add($"{source}: expected <backend>,<key>=<value> or <key>=<value>, got '{value}'");
                continue;
            }

            var backend = comma < 0 ? "" : value[..comma];
            var key = setting[..equals];
            var text = setting[(equals + 1)..];
            Check(backend, key);
            if (key == CoreOptions.DefaultMaxBatchSizeKey
                && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size >= 0))
            {
                errors.Add($"{source}: {key} expects a whole number of at least 0, got '{text}'");
            }

            result[backend] = result.GetValueOrDefault(backend, ImmutableDictionary<string, string>.Empty).SetItem(key, text);
        }

        return result.ToImmutableDictionary();
    }

    /// <summary>A setting that no backend reads would be a flag without effect.</summary>
    private void Check(string backend, string key)
    {
        var meant = backends.Where(candidate => backend.Length == 0 || candidate.Name == backend).ToArray();
        if (meant.Length == 0)
        {
            var names = backends.Select(static candidate => candidate.Name).ToArray();
            var nearName = Nearest.Of(backend, names);
            errors.Add($"{source}: there is no backend '{backend}', expected {string.Join(" or ", names)}{(nearName is null ? "" : $"; did you mean '{nearName}'?")}");
            return;
        }

        // How many rows a model takes by default is the core's matter, for backends whose models need no configuration.
        string[] keys = [.. meant.SelectMany(static candidate => candidate.Settings), .. meant.Any(static candidate => candidate.DescribesModels) ? [CoreOptions.DefaultMaxBatchSizeKey] : Array.Empty<string>()];
        if (!keys.Contains(key, StringComparer.Ordinal))
        {
            var near = Nearest.Of(key, keys);
            var expected = keys.Length == 0 ? "none" : string.Join(", ", keys);
            errors.Add($"{source}: '{key}' is no setting of {(backend.Length == 0 ? "any backend" : $"backend '{backend}'")}, expected {expected}{(near is null ? "" : $"; did you mean '{near}'?")}");
        }
    }
}
