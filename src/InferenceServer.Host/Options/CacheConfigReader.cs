using System.Collections.Immutable;
using System.Globalization;
using System.IO.Abstractions;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Caches.Redis.Settings;
using InferenceServer.Core.Caching;

namespace InferenceServer.Host.Options;

/// <summary>Reads the values of <c>--cache-config</c>, each <c>&lt;cache&gt;,&lt;key&gt;=&lt;value&gt;</c>, and the older size alone.</summary>
/// <param name="files">The file system, for certificates.</param>
/// <param name="environment">The environment, for the user and password of Redis.</param>
/// <param name="source">Where the values come from.</param>
/// <param name="errors">Receives what is wrong.</param>
internal sealed class CacheConfigReader(IFileSystem files, Func<string, string?> environment, string source, List<string> errors)
{
    private const string Local = "local";
    private const string Redis = "redis";

    /// <summary>The setting of the cache in memory.</summary>
    public static ImmutableArray<SettingDescription> LocalSettings { get; } = [new("size", "bytes, 1 or more", "", "How much the kept answers may take.")];

    /// <summary>Reads all values.</summary>
    /// <param name="values">The settings as they are written.</param>
    /// <param name="byteSize">The size of a cache in memory by the older option, whose flag is <paramref name="byteSizeSource"/>; 0 for none.</param>
    /// <param name="byteSizeSource">Where that comes from.</param>
    public ResponseCacheSettings Read(IEnumerable<string> values, long byteSize, string byteSizeSource)
    {
        var settings = new Dictionary<string, Dictionary<string, string>>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            Add(value, settings);
        }

        if (byteSize > 0 && settings.Count > 0)
        {
            errors.Add($"{byteSizeSource}: it is --cache-config=local,size={byteSize.ToString(CultureInfo.InvariantCulture)} in another spelling, expected one of the two");
        }

        if (settings.Count > 1)
        {
            errors.Add($"{source}: a server has one response cache, got {string.Join(" and ", settings.Keys)}");
        }

        if (settings.TryGetValue(Redis, out var redis))
        {
            var problems = new List<string>();
            var read = new RedisSettingsReader(files, environment, problems).Read(redis);
            errors.AddRange(problems.Select(problem => $"{source}: {problem}"));
            return new ResponseCacheSettings { Redis = read };
        }

        return settings.TryGetValue(Local, out var local) ? new ResponseCacheSettings { Local = new ResponseCacheOptions { LocalBytes = Size(local) } }
            : new ResponseCacheSettings { Local = new ResponseCacheOptions { LocalBytes = byteSize > 0 ? byteSize : null } };
    }

    private void Add(string value, Dictionary<string, Dictionary<string, string>> settings)
    {
        var comma = value.IndexOf(',', StringComparison.Ordinal);
        var setting = value[(comma + 1)..];
        var equals = setting.IndexOf('=', StringComparison.Ordinal);

        // What stands there may be a password.
        if (comma <= 0 || equals <= 0)
        {
            errors.Add($"{source}: expected <cache>,<key>=<value>, such as local,size=104857600");
            return;
        }

        var (cache, key) = (value[..comma], setting[..equals]);
        IReadOnlyList<string> keys = cache switch
        {
            Local => [.. LocalSettings.Select(static one => one.Name)],
            Redis => [.. RedisSettingsReader.Settings.Select(static one => one.Name)],
            _ => [],
        };
        if (keys.Count == 0)
        {
            var near = Nearest.Of(cache, [Local, Redis]);
            errors.Add($"{source}: there is no cache '{cache}', expected {Local} or {Redis}{(near is null ? "" : $"; did you mean '{near}'?")}");
        }
        else if (!keys.Contains(key, StringComparer.Ordinal))
        {
            var near = Nearest.Of(key, keys);
            errors.Add($"{source}: '{key}' is no setting of cache '{cache}', expected {string.Join(", ", keys)}{(near is null ? "" : $"; did you mean '{near}'?")}");
        }
        else
        {
            settings.TryAdd(cache, new Dictionary<string, string>(StringComparer.Ordinal));
            settings[cache][key] = setting[(equals + 1)..];
        }
    }

    private long? Size(Dictionary<string, string> local)
    {
        if (local.TryGetValue("size", out var text) && long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size > 0)
        {
            return size;
        }

        errors.Add($"{source}: size expects a whole number of bytes of at least 1, got '{text}'");
        return null;
    }
}
