using System.Globalization;

namespace InferenceServer.FunctionalTests.Traffic;

/// <summary>What came of one request, as its client saw it.</summary>
internal sealed class DecoupledAnswer
{
    private readonly List<DecoupledPiece> _pieces = [];
    private string? _fault;
    private int _finals;

    /// <summary>How many responses have come.</summary>
    public int Count => _pieces.Count;

    /// <summary>The error; null for none.</summary>
    public string? Error { get; private set; }

    /// <summary>The status of the exchange, where the door has one to itself; 0 elsewhere.</summary>
    public int Status { get; set; }

    /// <summary>True when nothing more can come.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>True when the client left before that.</summary>
    public bool HasLeft { get; private set; }

    /// <param name="model">The model that says it is its response.</param>
    /// <param name="item">What was asked.</param>
    /// <param name="piece">The response; null for one without outputs, which only says that it is the last.</param>
    /// <param name="isFinal">True when it says that it is the last.</param>
    public void Add(string model, DecoupledItem item, DecoupledPiece? piece, bool isFinal)
    {
        NotAfterTheEnd(piece?.ToString() ?? "an empty response");
        if (model != item.Model)
        {
            _fault ??= $"a response is from '{model}'";
        }

        if (piece is { } one)
        {
            _pieces.Add(one);
        }
        else if (!isFinal)
        {
            _fault ??= "an empty response is not the last";
        }

        _finals += isFinal ? 1 : 0;
    }

    public void Fail(string error)
    {
        NotAfterTheEnd($"the error '{error}'");
        Error = error;
    }

    public void End() => HasEnded = true;

    public void Leave() => HasLeft = true;

    /// <summary>Judges the answer; null when it is as it must be, and otherwise what is wrong with it.</summary>
    /// <param name="item">What was asked.</param>
    /// <param name="tellsFinal">True when the door tells which response is the last.</param>
    public string? Judge(DecoupledItem item, bool tellsFinal)
    {
        if (_fault is not null)
        {
            return _fault;
        }

        // Each in its place: so none is lost, doubled or another's.
        for (var i = 0; i < _pieces.Count; i++)
        {
            if (i >= item.Expected.Count || _pieces[i] != item.Expected[i])
            {
                return string.Create(CultureInfo.InvariantCulture, $"response {i} of {item.Expected.Count} is {_pieces[i]}, expected {(i < item.Expected.Count ? item.Expected[i] : "none")}");
            }
        }

        if (HasLeft)
        {
            return null;
        }

        if (Error is not null && item.Excuse is not null && Error.Contains(item.Excuse, StringComparison.Ordinal))
        {
            return null;
        }

        return !HasEnded ? "it has not ended"
            : _pieces.Count != item.Expected.Count ? $"{_pieces.Count} of {item.Expected.Count} responses; error: {Error}"
            : (Error is null) != (item.Fails is null) || Error?.Contains(item.Fails!, StringComparison.Ordinal) == false ? $"the error is '{Error}', expected '{item.Fails}'"
            : tellsFinal && Error is null && (item.WantsEmptyFinal || item.AnswersOnce) && _finals != 1 ? $"{_finals} responses say that they are the last"
            : null;
    }

    private void NotAfterTheEnd(string what)
    {
        if (HasEnded || Error is not null || _finals > 0)
        {
            _fault ??= $"{what} came after the end";
        }
    }
}
