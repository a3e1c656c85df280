using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Tracing;

/// <summary>Keeps the settings of tracing and makes samplers of them for the <see cref="RequestTracer"/>.</summary>
internal sealed class TraceControl : ITraceControl
{
    /// <summary>From how many models on the settings of those that are not served any more are forgotten.</summary>
    private const int ManyModels = 1024;

    private readonly Lock _lock = new();
    private readonly ModelCatalog _catalog;
    private readonly TraceOptions _options;
    private TraceOverrides _global = TraceOverrides.None;
    private ImmutableDictionary<string, TraceOverrides> _models = ImmutableDictionary<string, TraceOverrides>.Empty;
    private volatile TraceScopes _scopes;

    public TraceControl(ModelCatalog catalog, TraceWriter writer, TraceOptions options, TimeProvider time, string fileName)
    {
        _catalog = catalog;
        Tracer = new RequestTracer(writer, options, time);
        _options = options;
        FileName = fileName;
        _scopes = new TraceScopes(new TraceSampler(options.Start), ImmutableDictionary<string, TraceSampler>.Empty);
        Publish(_scopes);
    }

    /// <summary>Begins traces by the settings that are kept here.</summary>
    public RequestTracer Tracer { get; }

    public string FileName { get; }

    public bool TryGet(string model, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error)
    {
        settings = null;
        if (!TryResolve(ref model, out error))
        {
            return false;
        }

        settings = Show(_scopes.Of(model));
        return true;
    }

    public bool TryUpdate(string model, TraceSettingsUpdate update, [NotNullWhen(true)] out TraceSettings? settings, [NotNullWhen(false)] out InferenceError? error)
    {
        ArgumentNullException.ThrowIfNull(update);
        settings = null;
        if (!TryResolve(ref model, out error))
        {
            return false;
        }

        lock (_lock)
        {
            var global = model.Length == 0 ? _global.With(update) : _global;
            var models = _models;
            if (model.Length > 0)
            {
                var own = models.GetValueOrDefault(model, TraceOverrides.None).With(update);
                models = own.IsEmpty ? models.Remove(model) : WithRoom(models).SetItem(model, own);
            }

            if (!update.IsEmpty)
            {
                var scopes = Rebuild(model, update, global, models);
                error = Check(scopes);
                if (error is not null)
                {
                    return false;
                }

                (_global, _models, _scopes) = (global, models, scopes);
                Publish(scopes);
            }

            settings = Show(_scopes.Of(model));
            return true;
        }
    }

    /// <summary>What has been counted down stays so, until the count itself is set anew.</summary>
    private TraceScopes Rebuild(string changed, TraceSettingsUpdate update, TraceOverrides global, ImmutableDictionary<string, TraceOverrides> models)
    {
        var old = _scopes;
        var settings = global.Resolve(_options.Start);
        var sampler = changed.Length > 0 ? old.Global : new TraceSampler(update.Count.IsGiven ? settings : settings with { Count = old.Global.Left });
        var samplers = old.Models;
        foreach (var (name, own) in models)
        {
            if (changed.Length > 0 && name != changed)
            {
                continue;
            }

            var isCountSet = update.Count.IsGiven && (name == changed || own.Count is null);
            var count = isCountSet || !old.Models.TryGetValue(name, out var before) ? own.Count ?? sampler.Left : before.Left;
            samplers = samplers.SetItem(name, new TraceSampler(own.Resolve(settings) with { Count = count }));
        }

        return new TraceScopes(sampler, samplers.RemoveRange(samplers.Keys.Where(name => !models.ContainsKey(name))));
    }

    private ImmutableDictionary<string, TraceOverrides> WithRoom(ImmutableDictionary<string, TraceOverrides> models) =>
        models.Count < ManyModels ? models : models.RemoveRange(models.Keys.Where(name => !_catalog.TryFind(name, "", out _, out _)));

    private InferenceError? Check(TraceScopes scopes)
    {
        if (scopes.Global.Settings.FindProblem(_options) is { } problem)
        {
            return Refuse(problem, "");
        }

        foreach (var (name, sampler) in scopes.Models)
        {
            if (sampler.Settings.FindProblem(_options) is { } own)
            {
                return Refuse(own, $" for model '{name}'");
            }
        }

        return null;
    }

    private void Publish(TraceScopes scopes) => Tracer.Follow(scopes.IsOn ? scopes : null);

    /// <summary>Puts the name that the model itself has in place of a plain one: that is the name that its requests are looked up by.</summary>
    private bool TryResolve(ref string model, [NotNullWhen(false)] out InferenceError? error)
    {
        error = null;
        if (model.Length > 0)
        {
            if (!_catalog.TryFind(model, "", out _, out error))
            {
                return false;
            }

            model = _catalog.Current.Find(model)?.Name ?? model;
        }

        return true;
    }

    private static TraceSettings Show(TraceSampler sampler) => sampler.Settings with { Count = sampler.Left };

    private static InferenceError Refuse(string problem, string owner) =>
        new(ErrorCode.InvalidArgument, $"Attempting to set invalid trace setting{owner}: {problem}");
}
