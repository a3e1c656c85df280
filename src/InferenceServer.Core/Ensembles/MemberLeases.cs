using System.Collections.Immutable;
using System.Runtime.InteropServices;
using InferenceServer.Core.Caching;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Lifecycle;

namespace InferenceServer.Core.Ensembles;

/// <summary>
/// The versions that a request to an ensemble leads to, those behind ensembles among its steps too, held from the moment in which it comes in: one that is unloaded or replaced meanwhile, or a
/// server that stops, costs no request its answer, and what is said of them is said of those that run. What is loaded on demand and is not there now is waited for when its step runs.
/// </summary>
internal sealed class MemberLeases : IDisposable
{
    private readonly EnsemblePlan _plan;
    private readonly ModelLease?[] _leases;
    private readonly MemberLeases?[]? _nested;

    private MemberLeases(EnsemblePlan plan, ModelLease?[] leases, MemberLeases?[]? nested)
    {
        _plan = plan;
        _leases = leases;
        _nested = nested;
    }

    /// <summary>Takes the leases.</summary>
    /// <param name="plan">The ensemble.</param>
    /// <param name="selection">What of it a request needs.</param>
    /// <param name="engine">Where steps are asked for.</param>
    public static MemberLeases Take(EnsemblePlan plan, EnsembleSelection selection, InferenceEngine engine)
    {
        var leases = new ModelLease?[plan.Steps.Length];
        MemberLeases?[]? nested = null;
        for (var place = 0; place < leases.Length; place++)
        {
            var step = plan.Steps[place];
            if (selection.Needs(place) && engine.TryAcquireMember(step.Model, step.Version, out var lease))
            {
                leases[place] = lease;
                if (lease.Model.Scheduler is EnsembleScheduler ensemble)
                {
                    (nested ??= new MemberLeases?[leases.Length])[place] = ensemble.TakeMembers();
                }
            }
        }

        return new MemberLeases(plan, leases, nested);
    }

    /// <summary>The lease of a step's model, which stays this one's; null where there was none to be had.</summary>
    public ModelLease? Of(int place) => _leases[place];

    /// <summary>What the request of a step that is an ensemble itself leads to, with leases of its own; null for every other step.</summary>
    public MemberLeases? ShareBehind(int place) => _nested?[place]?.Share();

    /// <summary>A digest over the ensemble and the versions that a request leads to, to be the beginning of its key; empty while something of it is not known.</summary>
    /// <param name="own">What stands for the ensemble itself.</param>
    /// <param name="selection">What of it the request needs.</param>
    /// <param name="namesOutputs">True for a request that names its outputs where some may not be there: then that is an error, and otherwise they are left out.</param>
    public ImmutableArray<byte> SeedOf(ImmutableArray<byte> own, EnsembleSelection selection, bool namesOutputs)
    {
        // All of them are known before the first is written: a digest is not begun twice.
        if (own.IsEmpty || !IsKnown(selection))
        {
            return [];
        }

        var digest = DigestWriter.Begin();
        digest.Write(own.AsSpan());
        digest.Write(namesOutputs ? (byte)1 : (byte)0);
        Write(digest, selection);
        var seed = new byte[CacheKey.Size];
        digest.End(seed);
        return ImmutableCollectionsMarshal.AsImmutableArray(seed);
    }

    /// <summary>Ends when all that is there has its seed.</summary>
    public async Task MakeSeedsAsync()
    {
        for (var place = 0; place < _leases.Length; place++)
        {
            if (_leases[place] is { } lease)
            {
                await lease.Model.Seed.MakeAsync().ConfigureAwait(false);
            }

            if (_nested?[place] is { } behind)
            {
                await behind.MakeSeedsAsync().ConfigureAwait(false);
            }
        }
    }

    public void Dispose()
    {
        foreach (var lease in _leases)
        {
            lease?.Dispose();
        }

        foreach (var behind in _nested ?? [])
        {
            behind?.Dispose();
        }
    }

    private MemberLeases Share() => new(_plan, Array.ConvertAll(_leases, static lease => lease?.Share()), _nested is null ? null : Array.ConvertAll(_nested, static behind => behind?.Share()));

    // Every one is asked, so that those that are not known are made at the same time.
    private bool IsKnown(EnsembleSelection selection)
    {
        var isKnown = true;
        for (var place = 0; place < _leases.Length; place++)
        {
            if (selection.Needs(place))
            {
                isKnown &= _leases[place] is { } lease && !lease.Model.Seed.Current.IsEmpty;
                isKnown &= _nested?[place] is not { } behind || behind.IsKnown(behind._plan.All);
            }
        }

        return isKnown;
    }

    private void Write(DigestWriter digest, EnsembleSelection selection)
    {
        for (var place = 0; place < _leases.Length; place++)
        {
            if (selection.Needs(place))
            {
                digest.Write((long)place);
                digest.Write(_leases[place]!.Model.Seed.Current.AsSpan());
                if (_nested?[place] is { } behind)
                {
                    behind.Write(digest, behind._plan.All);
                }
            }
        }

        digest.Write(-1L);
    }
}
