using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Hosting;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;
using Microsoft.Extensions.Logging;

namespace InferenceServer.Core.Ensembles;

/// <summary>Makes a version of an ensemble ready to serve: holds it against the models of its steps, of which those that are loaded on demand and never were are loaded for that.</summary>
/// <param name="engine">Where steps are asked for.</param>
/// <param name="labels">Reads class labels.</param>
/// <param name="caching">Who keeps answers.</param>
/// <param name="allocator">Where memory for tensors comes from.</param>
/// <param name="time">The clock.</param>
/// <param name="options">What holds for all models.</param>
/// <param name="loggers">Where it is told.</param>
internal sealed class EnsembleLoader(Func<InferenceEngine> engine, ClassLabelReader labels, ResponseCaching caching, ITensorAllocator allocator, TimeProvider time, CoreOptions options, ILoggerFactory loggers)
{
    private static readonly ImmutableDictionary<string, string> s_noSettings = ImmutableDictionary<string, string>.Empty;

    private readonly ILogger _logger = loggers.CreateLogger<EnsembleScheduler>();

    /// <summary>Loads a version. Expected failures come back as a reason.</summary>
    public async Task<ModelLoadResult> LoadAsync(AspiredVersion version, CancellationToken cancellationToken)
    {
        var ensemble = version.Config.Ensemble!;
        var witness = caching.Witness(version);
        var members = ImmutableArray.CreateBuilder<EnsembleMember>();
        for (var i = 0; i < ensemble.Steps.Length; i++)
        {
            var member = version.Members[i];
            var (config, error) = member.Config is { } known ? (known, null) : await WakeAsync(member.Model, ensemble.Steps[i], cancellationToken).ConfigureAwait(false);
            if (config is null)
            {
                return ModelLoadResult.Failed($"the model '{member.Model}' of step[{i}] cannot serve: {error!.Message}");
            }

            members.Add(new EnsembleMember(member.Model, config));
        }

        if (!EnsembleLinker.TryLink(version.Config, members.ToImmutable(), out var linked, out var problems))
        {
            return ModelLoadResult.Failed(string.Join('\n', problems));
        }

        foreach (var warning in linked.Config.Warnings)
        {
            LifecycleLog.ConfigWarning(_logger, linked.Config.Name, warning.ToString());
        }

        var texts = await labels.ReadAsync(version.Folder.Path, linked.Config, cancellationToken).ConfigureAwait(false);
        var seed = await MakeSeedAsync(version, witness, linked, cancellationToken).ConfigureAwait(false);
        return ModelLoadResult.Loaded(Serve(version, linked, texts, seed, caching.Share(seed, version, witness, linked.Config, s_noSettings), MemberVersion.SignatureOf([.. members.Select(static member => new MemberVersion(member.Model, member.Config))])));
    }

    /// <summary>What serves goes on where another spelling of its configuration comes to the same, over the same models; null where it takes a load to tell.</summary>
    public ModelLoadResult? Tune(ServedModel served, AspiredVersion wanted)
    {
        var members = wanted.Members.Select(static member => member.Config is { } config ? new EnsembleMember(member.Model, config) : null).OfType<EnsembleMember>().ToImmutableArray();
        if (members.Length != wanted.Config.Ensemble!.Steps.Length || !EnsembleLinker.TryLink(wanted.Config, members, out var linked, out _))
        {
            return null;
        }

        var isSame = linked.Config.Message.Equals(served.Config.Message)
            && MemberVersion.SignatureOf([.. members.Select(static member => new MemberVersion(member.Model, member.Config))]) == served.MemberSignature;
        return isSame ? ModelLoadResult.Tuned(served) : null;
    }

    /// <summary>What stands for the ensemble in the keys of its answers, together with its members, whose seeds are there then: what is asked first can be kept.</summary>
    private async Task<ImmutableArray<byte>> MakeSeedAsync(AspiredVersion version, string? witness, LinkedEnsemble linked, CancellationToken cancellationToken)
    {
        var seed = await caching.MakeSeedAsync(version, witness, linked.Config, s_noSettings, cancellationToken).ConfigureAwait(false);
        if (!seed.IsEmpty)
        {
            using var members = MemberLeases.Take(linked.Plan, linked.Plan.All, engine());
            await members.MakeSeedsAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return seed;
    }

    private ServedModel Serve(AspiredVersion version, LinkedEnsemble linked, ImmutableDictionary<string, ClassLabels> texts, ImmutableArray<byte> seed, VersionSeed shared, string? signature)
    {
        var statistics = version.Statistics ?? options.Telemetry.MakeStatistics(linked.Config, version.Number, EnsembleRule.Descriptor, time, caching.Keeps(linked.Config));
        var model = new EnsembleModel(linked.Config);
        var scheduler = new EnsembleScheduler(new EnsembleSetup
        {
            Plan = linked.Plan,
            Config = linked.Config,
            Engine = engine,
            Allocator = allocator,
            Time = time,
            Options = options.Scheduler,
            Statistics = statistics,
            Logger = _logger,
        });
        return new ServedModel(version.Number, linked.Config, model, scheduler, statistics, time)
        {
            Labels = texts,
            MemberSignature = signature,
            Seed = shared,
            Cache = caching.Make(seed, linked.Config, scheduler, statistics, pending => scheduler.SeedOf(seed, pending)),
        };
    }

    private async Task<(ModelConfig? Config, InferenceError? Error)> WakeAsync(string model, EnsembleStepConfig step, CancellationToken cancellationToken)
    {
        var version = step.Version is { } number ? FormattableString.Invariant($"{number}") : "";
        var outcome = await engine().AcquireMemberAsync(model, version, cancellationToken).ConfigureAwait(false);
        if (!outcome.TryGet(out var lease, out var error))
        {
            return (null, error);
        }

        using (lease)
        {
            return (lease.Model.Config, null);
        }
    }
}
