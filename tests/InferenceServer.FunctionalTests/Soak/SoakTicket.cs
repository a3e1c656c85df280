namespace InferenceServer.FunctionalTests.Soak;

/// <summary>One attempt that is under way.</summary>
/// <param name="books">Where it is counted.</param>
/// <param name="way">Where the server counts it.</param>
/// <param name="model">What it asks for.</param>
internal sealed class SoakTicket(SoakBooks books, SoakWay way, string model)
{
    private int _isClosed;

    /// <summary>The way that it takes.</summary>
    public SoakWay Way => way;

    /// <summary>It had the answer that it must have.</summary>
    public void Answer(string code = "") => Close(SoakEnd.Answered, code.Length > 0 ? code : way == SoakWay.Rpc ? "OK" : "200");

    /// <summary>It had an error that it may have, from the model or its queue.</summary>
    public void Refuse(string code) => Close(SoakEnd.Refused, code);

    /// <summary>It had an error that it may have, before any model had to do with it.</summary>
    public void TurnAway(string code) => Close(SoakEnd.TurnedAway, code);

    /// <summary>Its client left.</summary>
    public void Cut(SoakEnd end) => Close(end, "");

    private void Close(SoakEnd end, string code)
    {
        if (Interlocked.Exchange(ref _isClosed, 1) != 0)
        {
            books.Fault($"an attempt at '{model}' ended twice");
            return;
        }

        books.Close(new SoakEntry(way, model, end, code));
    }
}
