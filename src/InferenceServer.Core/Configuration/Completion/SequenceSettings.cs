using System.Buffers.Binary;
using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;
using Control = global::Inference.ModelSequenceBatching.Types.Control;
using Kind = global::Inference.ModelSequenceBatching.Types.Control.Types.Kind;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>From the completed message to how sequences are scheduled.</summary>
internal static class SequenceSettings
{
    /// <summary>What a message says; null when requests are independent of one another.</summary>
    public static SequenceBatchingConfig? Of(global::Inference.ModelConfig message)
    {
        if (message.SequenceBatching is not { } batching)
        {
            return null;
        }

        var (direct, oldest) = (batching.Direct, batching.Oldest);
        return new SequenceBatchingConfig
        {
            MaxIdle = DurationField.Of(batching.MaxSequenceIdleMicroseconds),
            IsDirect = oldest is null,
            SlotsPerInstance = oldest?.MaxCandidateSequences ?? Math.Max(1, message.MaxBatchSize),
            MaxQueueDelay = DurationField.Of(oldest?.MaxQueueDelayMicroseconds ?? direct?.MaxQueueDelayMicroseconds ?? 0),
            MinimumSlotUtilization = Share(direct?.MinimumSlotUtilization ?? 0),
            PreferredBatchSizes = PreferredSizesOf(oldest),
            PreservesOrdering = oldest is { PreserveOrdering: true },
            Controls = [.. batching.ControlInput.Select(static input => ControlOf(input.Name, input.Control[0]))],
            States = [.. batching.State.Select(StateOf)],
            IsIterative = batching.IterativeSequence,
        };
    }

    // As the file has it: the nearest double to a 0.6 of 32 bits is more than 0.6, which would ask for 4 of 5.
    private static double Share(float value) => (double)(decimal)value;

    // A model without a batch dimension prefers the one size that its executions have.
    private static ImmutableArray<int> PreferredSizesOf(global::Inference.ModelSequenceBatching.Types.StrategyOldest? oldest) =>
        oldest is null ? [] : oldest.PreferredBatchSize.Count == 0 ? [1] : [.. oldest.PreferredBatchSize.Distinct().Order()];

    private static SequenceControlConfig ControlOf(string name, Control control)
    {
        var type = DeclaredSequenceTensors.TypeOf(control);
        var (no, yes) = control.Kind == Kind.ControlSequenceCorrid ? ([], []) : type switch
        {
            TensorDataType.Int32 => (BytesOf(control.Int32FalseTrue[0]), BytesOf(control.Int32FalseTrue[1])),
            TensorDataType.Fp32 => (BytesOf(BitConverter.SingleToInt32Bits(control.Fp32FalseTrue[0])), BytesOf(BitConverter.SingleToInt32Bits(control.Fp32FalseTrue[1]))),
            _ => (BytesOf(control.BoolFalseTrue[0]), BytesOf(control.BoolFalseTrue[1])),
        };
        var kind = control.Kind switch
        {
            Kind.ControlSequenceStart => SequenceControlKind.Start,
            Kind.ControlSequenceEnd => SequenceControlKind.End,
            Kind.ControlSequenceReady => SequenceControlKind.Ready,
            _ => SequenceControlKind.CorrelationId,
        };
        return new SequenceControlConfig(name, kind, type, no, yes);
    }

    private static SequenceStateConfig StateOf(global::Inference.ModelSequenceBatching.Types.State state) =>
        new(state.InputName, state.OutputName, (TensorDataType)state.DataType, new TensorShape([.. state.Dims]))
        {
            InitialDims = new TensorShape(SequenceStateRule.InitialDimsOf(state).AsSpan()),
            InitialFile = state.InitialState.Count > 0 && state.InitialState[0].HasDataFile ? state.InitialState[0].DataFile : null,
        };

    private static ImmutableArray<byte> BytesOf(bool value) => [value ? (byte)1 : (byte)0];

    private static ImmutableArray<byte> BytesOf(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return [.. bytes];
    }
}
