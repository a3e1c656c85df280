using System.Collections.Immutable;
using System.Globalization;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Core.Lifecycle;
using InferenceServer.Core.Repository;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Routing;

/// <summary>Holds the aliases: the table of now in one volatile field, which readers take without a lock, and one lock for those who change it.</summary>
/// <param name="catalog">What serves: the targets are found there, and a model of an alias's name goes before the alias.</param>
/// <param name="modelNames">The names of all models that lie in the repositories.</param>
/// <param name="mode">Who decides which models, and which aliases, there are.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class AliasRegistry(ModelCatalog catalog, Func<IReadOnlySet<string>> modelNames, ModelControlMode mode, TimeProvider time, ILogger<AliasRegistry> logger) : IAliasControl
{
    // Tags of another run of the server must not mean anything in this one.
    private readonly string _run = Random.Shared.NextInt64(1L << 32).ToString("x8", CultureInfo.InvariantCulture);
    private readonly Lock _lock = new();
    private volatile RoutingTable _table = RoutingTable.Empty;
    private volatile AliasFileSet _files = new([], [], "");
    private long _revision;

    public ImmutableArray<string> FileProblems => _files.Problems;

    /// <summary>The alias that a request means; null when the name is that of a model, or nobody's.</summary>
    public AliasRoute? FindRoute(string name)
    {
        var table = _table;
        return !table.IsEmpty && table.Find(name) is { } route && !IsModel(name) ? route : null;
    }

    public ImmutableArray<AliasStatus> List() => [.. _table.Routes.Select(Describe)];

    public AliasStatus? Find(string name) => _table.Find(name) is { } route ? Describe(route) : null;

    public InferenceError? FindRefusal() => mode == ModelControlMode.Explicit ? null : AliasErrors.NotExplicit(mode);

    public Task<AliasChange> PutAsync(string name, ReadOnlyMemory<byte> json, AliasCondition condition) => FindRefusal() is { } refusal
        ? Task.FromResult(new AliasChange(null, refusal))

        // It looks at the disk, which no request is to wait for on its thread.
        : Task.Run(() => Put(name, json, condition));

    public AliasChange Delete(string name, AliasCondition condition) => Change(name, condition, static _ => null, static _ => null);

    public AliasChange Promote(string name, ReadOnlyMemory<byte> json, AliasCondition condition)
    {
        if (AliasRequestReader.ReadPromote(name, json, out var model, out var version) is { } wrong)
        {
            return new AliasChange(null, FindRefusal() ?? wrong);
        }

        return Change(name, condition, route => Find(route.Config, out var error) is null ? error : null, route => Next(route, route.Config.WithAllOn(Find(route.Config, out _)!), null));

        AliasTarget? Find(AliasConfig config, out InferenceError? error)
        {
            error = null;
            if (model is not null)
            {
                var named = config.Targets.FirstOrDefault(target => target.IsSameAs(model, version));
                error = named is null ? AliasErrors.NoSuchTarget(config, new AliasTarget(model, version, 0, false)) : null;
                return named;
            }

            AliasTarget[] others = [.. config.Targets.Where(static target => !target.IsStable)];
            error = others.Length == 1 ? null : AliasErrors.PromoteWhich(config);
            return others.Length == 1 ? others[0] : null;
        }
    }

    public AliasChange RollBack(string name, ReadOnlyMemory<byte> json, AliasCondition condition) => AliasRequestReader.ReadRollBack(name, json, out var toPrevious) is { } error
        ? new AliasChange(null, FindRefusal() ?? error)
        : RollBack(name, toPrevious, condition);

    private AliasChange RollBack(string name, bool toPrevious, AliasCondition condition) => toPrevious
        ? Change(name, condition, static route => route.Previous is null ? AliasErrors.NothingBefore(route.Name) : null, route => Next(route, route.Previous!, null))
        : Change(
            name,
            condition,
            static route => route.Config.HasCanary || (route.Previous is not null && route.RolledBack is null) ? null : AliasErrors.NothingToRollBack(route.Config),
            route => RollBack(route, (route.Config.HasCanary ? route.Config : route.Previous!).AllToStable(), new RollbackDecision(RollbackCause.Request, "it was asked for")));

    /// <summary>A target has broken its limits: everything goes to the stable one, unless the alias has been changed meanwhile.</summary>
    public void RollBack(AliasRoute route, AliasTarget target, RollbackDecision decision)
    {
        lock (_lock)
        {
            // Nothing would answer any more if the stable target does not serve: it is decided again at the next end of a request.
            if (!ReferenceEquals(_table.Find(route.Name), route) || !route.Config.HasCanary || !IsReady(route.Config.Stable))
            {
                return;
            }

            _table = _table.With(RollBack(route, route.Config.AllToStable(), decision with { Reason = $"of {target}, {decision.Reason}" }));
        }

        RoutingLog.RolledBack(logger, route.Name, route.Config.Stable.ToString(), $"of {target}, {decision.Reason}");
    }

    /// <summary>Puts in force what the files say; what is wrong with them leaves everything as it is. An alias of which they say what they said before stays as it has become.</summary>
    public void Apply(AliasFileSet found)
    {
        _files = found;
        if (!found.Problems.IsEmpty)
        {
            RoutingLog.FileRefused(logger, string.Join('\n', found.Problems));
            return;
        }

        RoutingTable before, after;
        lock (_lock)
        {
            before = _table;
            after = new RoutingTable([
                .. found.Aliases.Select(config => Declare(config, before.Find(config.Name))),
                .. before.Routes.Where(route => route.Origin == AliasOrigin.Request && !found.Aliases.Any(config => config.Name == route.Name)),
            ]);
            _table = after;
        }

        Tell(before, after);
    }

    private AliasRoute Declare(AliasConfig config, AliasRoute? before) =>
        before?.Declared is { } declared && AliasJson.AreSame(declared, config)
            ? before
            : AliasRoute.Make(config, before, AliasOrigin.File, ++_revision, time, before?.Config, config, null);

    private void Tell(RoutingTable before, RoutingTable after)
    {
        foreach (var gone in before.Routes.Where(route => after.Find(route.Name) is null))
        {
            RoutingLog.Removed(logger, gone.Name);
        }

        IReadOnlySet<string>? names = null;
        PlainNames? plain = null;
        foreach (var route in after.Routes.Where(route => !ReferenceEquals(route, before.Find(route.Name))))
        {
            RoutingLog.Changed(logger, route.Name, route.Config.Describe());
            names ??= modelNames();
            plain ??= catalog.UsesNamespaces ? new PlainNames(names) : PlainNames.None;
            if (names.Contains(route.Name))
            {
                RoutingLog.HiddenByModel(logger, route.Name);
            }

            foreach (var model in route.Config.Targets.Select(static target => target.Model).Distinct(StringComparer.Ordinal).Where(model => !names.Contains(model)))
            {
                var meant = plain.Find(model);
                if (meant.IsEmpty)
                {
                    RoutingLog.NoSuchModel(logger, route.Name, model);
                }
                else if (meant.Length > 1)
                {
                    RoutingLog.SeveralModels(logger, route.Name, model, NameChoices.Print(meant));
                }
            }
        }
    }

    private AliasChange Put(string name, ReadOnlyMemory<byte> json, AliasCondition condition)
    {
        if (!ModelNames.IsValid(name))
        {
            return new AliasChange(null, AliasErrors.Name(name));
        }

        var document = AliasReader.ReadOne(name, json);
        if (document.Aliases.IsEmpty)
        {
            return new AliasChange(null, AliasErrors.Config(name, string.Join('\n', document.Problems)));
        }

        var config = document.Aliases[0].Config;
        if (modelNames().Contains(name) || IsModel(name))
        {
            return new AliasChange(null, AliasErrors.NameOfModel(name));
        }

        AliasRoute? before;
        AliasRoute after;
        lock (_lock)
        {
            var table = _table;
            before = table.Find(name);
            if (!condition.Allows(TagOf(before)))
            {
                return Conflict(name, before);
            }

            var nested = config.Targets.Select(static target => target.Model).Append(config.Shadow?.Model ?? "").FirstOrDefault(model => table.Find(model) is not null || (catalog.UsesNamespaces && model == name));
            if (nested is not null)
            {
                return new AliasChange(null, AliasErrors.TargetIsAlias(name, nested));
            }

            if (before is null && table.Routes.Length >= AliasConfig.MaxAliases)
            {
                return new AliasChange(null, AliasErrors.TooMany(name));
            }

            after = AliasRoute.Make(config, before, AliasOrigin.Request, ++_revision, time, before?.Config, null, null);
            _table = table.With(after);
        }

        RoutingLog.Changed(logger, name, config.Describe());
        return new AliasChange(Describe(after), null);
    }

    /// <summary>Makes one change under the lock.</summary>
    /// <param name="name">The alias.</param>
    /// <param name="condition">What must hold.</param>
    /// <param name="check">Says why the change cannot be made.</param>
    /// <param name="change">What takes the alias's place; null to remove it.</param>
    private AliasChange Change(string name, AliasCondition condition, Func<AliasRoute, InferenceError?> check, Func<AliasRoute, AliasRoute?> change)
    {
        if (FindRefusal() is { } refusal)
        {
            return new AliasChange(null, refusal);
        }

        AliasRoute? after;
        lock (_lock)
        {
            var before = _table.Find(name);
            if (before is null)
            {
                return new AliasChange(null, AliasErrors.Unknown(name));
            }

            if (!condition.Allows(TagOf(before)))
            {
                return Conflict(name, before);
            }

            if (check(before) is { } error)
            {
                return new AliasChange(null, error);
            }

            after = change(before);
            _table = after is null ? _table.Without(name) : _table.With(after);
        }

        if (after is null)
        {
            RoutingLog.Removed(logger, name);
            return new AliasChange(null, null);
        }

        RoutingLog.Changed(logger, name, after.Config.Describe());
        return new AliasChange(Describe(after), null);
    }

    private AliasRoute Next(AliasRoute route, AliasConfig config, RollbackRecord? rolledBack) =>
        AliasRoute.Make(config, route, route.Origin, ++_revision, time, route.Config, route.Declared, rolledBack);

    private AliasRoute RollBack(AliasRoute route, AliasConfig config, RollbackDecision decision)
    {
        route.Counters.RollBack(decision.Cause);
        return Next(route, config, new RollbackRecord(time.GetUtcNow(), decision.Cause, decision.Reason));
    }

    private AliasChange Conflict(string name, AliasRoute? before) => new(null, AliasErrors.Changed(name, TagOf(before))) { IsConflict = true };

    /// <summary>
    /// True when a model of the name serves, or does when it is asked for. One that still loads, or has failed to, takes no traffic away from an alias; nor does the plain name of one
    /// in a namespace, which may mean another one tomorrow, where the alias says what it means.
    /// </summary>
    private bool IsModel(string name) => catalog.Current.FindExact(name) is { } versions && !(versions.Ready.IsEmpty && versions.OnDemand.IsEmpty);

    private string? TagOf(AliasRoute? route) => route is null ? null : string.Create(CultureInfo.InvariantCulture, $"{_run}-{route.Revision}");

    private bool IsReady(AliasTarget target) => catalog.TryFind(target.Model, target.VersionText, out _, out var asleep, out _) || asleep is not null;

    private AliasStatus Describe(AliasRoute route)
    {
        var total = route.Config.TotalWeight;
        ImmutableArray<AliasTargetStatus> targets =
        [
            .. route.Targets.Select(routed => new AliasTargetStatus(routed.Target, routed.Target.Weight / total, IsReady(routed.Target))
            {
                Requests = routed.Counters.Requests,
                Failures = routed.Counters.Failures,
                Skipped = routed.Counters.Skipped,
                Duration = routed.Counters.Duration,
                Window = routed.Window?.Read(),
            }),
        ];
        var shadow = route.Counters.Shadow;
        var isHidden = IsModel(route.Name);
        return new AliasStatus(route.Config, TagOf(route)!, route.Origin)
        {
            ChangedAt = route.ChangedAt,
            IsReady = !isHidden && targets.Any(static target => target.Share > 0 && target.IsReady),
            IsHidden = isHidden,
            Previous = route.Previous,
            RolledBack = route.RolledBack,
            Targets = targets,
            Shadow = new ShadowStatus(shadow.Sent, shadow.Failed, [.. Enum.GetValues<ShadowDrop>().Select(shadow.Dropped)], shadow.InFlight),
            Rollbacks = [.. Enum.GetValues<RollbackCause>().Select(route.Counters.Rollbacks)],
        };
    }
}
