using System.Diagnostics.CodeAnalysis;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Inference;
using InferenceServer.Core.Scheduling;

namespace InferenceServer.Core.Sequences;

/// <summary>Reads which sequence a request belongs to, and whether it begins or ends it.</summary>
/// <param name="config">The model's sequences.</param>
internal sealed class SequenceStepReader(SequenceBatchingConfig config)
{
    private const string IdParameter = "sequence_id";
    private const string StartParameter = "sequence_start";
    private const string EndParameter = "sequence_end";

    private readonly SequenceControlConfig? _idControl = config.Controls.FirstOrDefault(static control => control.Kind == SequenceControlKind.CorrelationId);

    /// <summary>Reads it into the request, which has been checked otherwise; says what is wrong, if anything is.</summary>
    public InferenceError? Read(PendingInference pending)
    {
        var request = pending.Request;
        if (pending.Rows != 1)
        {
            return SequenceErrors.Rows(request, pending.Rows);
        }

        if (config.IsIterative)
        {
            // The scheduler makes a sequence of it.
            return null;
        }

        if (!TryReadId(request, out var id, out var error) || !TryReadFlag(request, StartParameter, out var isStart, out error) || !TryReadFlag(request, EndParameter, out var isEnd, out error))
        {
            return error;
        }

        error = id.IsNone ? SequenceErrors.NoId(request) : CheckType(request, id);
        pending.Step = error is null ? new SequenceStep(id, isStart, isEnd) : null;
        return error;
    }

    /// <summary>The sequence that a request goes on with; null when it begins one, or names none. The request has not been checked.</summary>
    public static SequenceId? FindContinued(InferenceRequest request) =>
        TryReadFlag(request, StartParameter, out var isStart, out _) && !isStart && TryReadId(request, out var id, out _) && !id.IsNone ? id : null;

    private static bool TryReadId(InferenceRequest request, out SequenceId id, [NotNullWhen(false)] out InferenceError? error)
    {
        error = null;
        id = default;
        if (!request.Parameters.TryGetValue(IdParameter, out var value))
        {
            return true;
        }

        if (value.TryGetString(out var text))
        {
            id = new SequenceId(0, text);
            return true;
        }

        // gRPC has no unsigned kind for it: the upper half of the numbers comes as negative ones.
        if (value.TryGetUInt64(out var number) || (value.TryGetInt64(out var signed) && (number = unchecked((ulong)signed)) != 0))
        {
            id = new SequenceId(number, null);
            return true;
        }

        error = SequenceErrors.ParameterKind(request, IdParameter, "an unsigned integer or a text", value.ToString());
        return false;
    }

    private static bool TryReadFlag(InferenceRequest request, string name, out bool flag, [NotNullWhen(false)] out InferenceError? error)
    {
        error = null;
        flag = false;
        if (!request.Parameters.TryGetValue(name, out var value) || value.TryGetBool(out flag))
        {
            return true;
        }

        error = SequenceErrors.ParameterKind(request, name, "true or false", value.ToString());
        return false;
    }

    private InferenceError? CheckType(InferenceRequest request, SequenceId id)
    {
        if (_idControl is not { } control)
        {
            return null;
        }

        var isText = id.Text is not null;
        if (isText != (control.DataType == TensorDataType.Bytes))
        {
            return SequenceErrors.IdType(request, control.Name, isText ? TensorDataType.Bytes : TensorDataType.UInt64, control.DataType);
        }

        ulong max = control.DataType switch
        {
            TensorDataType.Int64 => long.MaxValue,
            TensorDataType.UInt32 => uint.MaxValue,
            TensorDataType.Int32 => int.MaxValue,
            _ => ulong.MaxValue,
        };
        return id.Number > max ? SequenceErrors.IdTooLarge(request, control.Name, id, control.DataType, max) : null;
    }
}
